export const complexFunctions = [];
