/** The sketch lives with its stored form; rows are rolled up into it here. */
export { HyperUnique } from '../../segment/format/hyper-unique-sketch.js';
