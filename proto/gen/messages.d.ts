import * as $protobuf from "protobufjs";
import Long = require("long");

/** Namespace grove. */
export namespace grove {

    /** Namespace cluster. */
    namespace cluster {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of a Heartbeat.
             * @deprecated Use grove.cluster.v1.Heartbeat.$Properties instead.
             */
            interface IHeartbeat extends grove.cluster.v1.Heartbeat.$Properties {
            }

            /** Represents a Heartbeat. */
            class Heartbeat {

                /**
                 * Constructs a new Heartbeat.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.Heartbeat.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Heartbeat cluster. */
                cluster: string;

                /** Heartbeat clusterId. */
                clusterId: string;

                /** Heartbeat node. */
                node: string;

                /** Heartbeat incarnation. */
                incarnation: string;

                /** Heartbeat sequence. */
                sequence: number;

                /** Heartbeat state. */
                state: string;

                /** Heartbeat roles. */
                roles: grove.cluster.v1.RolePresence.$Properties[];

                /** Heartbeat grpcAddress. */
                grpcAddress: string;

                /** Heartbeat httpAddress. */
                httpAddress: string;

                /** Heartbeat startedAtMs. */
                startedAtMs: number;

                /** Heartbeat leaving. */
                leaving: boolean;

                /**
                 * Creates a new Heartbeat instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns Heartbeat instance
                 */
                static create(properties: grove.cluster.v1.Heartbeat.$Shape): grove.cluster.v1.Heartbeat & grove.cluster.v1.Heartbeat.$Shape;
                static create(properties?: grove.cluster.v1.Heartbeat.$Properties): grove.cluster.v1.Heartbeat;

                /**
                 * Encodes the specified Heartbeat message. Does not implicitly {@link grove.cluster.v1.Heartbeat.verify|verify} messages.
                 * @param message Heartbeat message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.Heartbeat.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Heartbeat message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.Heartbeat & grove.cluster.v1.Heartbeat.$Shape} Heartbeat
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.Heartbeat & grove.cluster.v1.Heartbeat.$Shape;

                /**
                 * Gets the type url for Heartbeat
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace Heartbeat {

                /** Properties of a Heartbeat. */
                interface $Properties {

                    /** Heartbeat cluster */
                    cluster?: (string|null);

                    /** Heartbeat clusterId */
                    clusterId?: (string|null);

                    /** Heartbeat node */
                    node?: (string|null);

                    /** Heartbeat incarnation */
                    incarnation?: (string|null);

                    /** Heartbeat sequence */
                    sequence?: (number|null);

                    /** Heartbeat state */
                    state?: (string|null);

                    /** Heartbeat roles */
                    roles?: (grove.cluster.v1.RolePresence.$Properties[]|null);

                    /** Heartbeat grpcAddress */
                    grpcAddress?: (string|null);

                    /** Heartbeat httpAddress */
                    httpAddress?: (string|null);

                    /** Heartbeat startedAtMs */
                    startedAtMs?: (number|null);

                    /** Heartbeat leaving */
                    leaving?: (boolean|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Heartbeat. */
                type $Shape = grove.cluster.v1.Heartbeat.$Properties;
            }

            /**
             * Properties of a RolePresence.
             * @deprecated Use grove.cluster.v1.RolePresence.$Properties instead.
             */
            interface IRolePresence extends grove.cluster.v1.RolePresence.$Properties {
            }

            /** Represents a RolePresence. */
            class RolePresence {

                /**
                 * Constructs a new RolePresence.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.RolePresence.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** RolePresence role. */
                role: string;

                /** RolePresence state. */
                state: string;

                /** RolePresence leaderEpoch. */
                leaderEpoch: number;

                /** RolePresence load. */
                load: number;

                /** RolePresence capacity. */
                capacity: number;

                /** RolePresence used. */
                used: number;

                /** RolePresence inventoryDigest. */
                inventoryDigest: string;

                /** RolePresence tier. */
                tier: string;

                /**
                 * Creates a new RolePresence instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns RolePresence instance
                 */
                static create(properties: grove.cluster.v1.RolePresence.$Shape): grove.cluster.v1.RolePresence & grove.cluster.v1.RolePresence.$Shape;
                static create(properties?: grove.cluster.v1.RolePresence.$Properties): grove.cluster.v1.RolePresence;

                /**
                 * Encodes the specified RolePresence message. Does not implicitly {@link grove.cluster.v1.RolePresence.verify|verify} messages.
                 * @param message RolePresence message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.RolePresence.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a RolePresence message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.RolePresence & grove.cluster.v1.RolePresence.$Shape} RolePresence
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.RolePresence & grove.cluster.v1.RolePresence.$Shape;

                /**
                 * Gets the type url for RolePresence
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace RolePresence {

                /** Properties of a RolePresence. */
                interface $Properties {

                    /** RolePresence role */
                    role?: (string|null);

                    /** RolePresence state */
                    state?: (string|null);

                    /** RolePresence leaderEpoch */
                    leaderEpoch?: (number|null);

                    /** RolePresence load */
                    load?: (number|null);

                    /** RolePresence capacity */
                    capacity?: (number|null);

                    /** RolePresence used */
                    used?: (number|null);

                    /** RolePresence inventoryDigest */
                    inventoryDigest?: (string|null);

                    /** RolePresence tier */
                    tier?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a RolePresence. */
                type $Shape = grove.cluster.v1.RolePresence.$Properties;
            }

            /**
             * Properties of a Pair.
             * @deprecated Use grove.cluster.v1.Pair.$Properties instead.
             */
            interface IPair extends grove.cluster.v1.Pair.$Properties {
            }

            /** Represents a Pair. */
            class Pair {

                /**
                 * Constructs a new Pair.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.Pair.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Pair key. */
                key: string;

                /** Pair value. */
                value: string;

                /**
                 * Creates a new Pair instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns Pair instance
                 */
                static create(properties: grove.cluster.v1.Pair.$Shape): grove.cluster.v1.Pair & grove.cluster.v1.Pair.$Shape;
                static create(properties?: grove.cluster.v1.Pair.$Properties): grove.cluster.v1.Pair;

                /**
                 * Encodes the specified Pair message. Does not implicitly {@link grove.cluster.v1.Pair.verify|verify} messages.
                 * @param message Pair message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.Pair.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Pair message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.Pair & grove.cluster.v1.Pair.$Shape} Pair
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.Pair & grove.cluster.v1.Pair.$Shape;

                /**
                 * Gets the type url for Pair
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace Pair {

                /** Properties of a Pair. */
                interface $Properties {

                    /** Pair key */
                    key?: (string|null);

                    /** Pair value */
                    value?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Pair. */
                type $Shape = grove.cluster.v1.Pair.$Properties;
            }

            /**
             * Properties of a CommandHeader.
             * @deprecated Use grove.cluster.v1.CommandHeader.$Properties instead.
             */
            interface ICommandHeader extends grove.cluster.v1.CommandHeader.$Properties {
            }

            /** Represents a CommandHeader. */
            class CommandHeader {

                /**
                 * Constructs a new CommandHeader.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.CommandHeader.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** CommandHeader clusterId. */
                clusterId: string;

                /** CommandHeader role. */
                role: string;

                /** CommandHeader epoch. */
                epoch: number;

                /** CommandHeader commandId. */
                commandId: string;

                /** CommandHeader trace. */
                trace: string;

                /**
                 * Creates a new CommandHeader instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns CommandHeader instance
                 */
                static create(properties: grove.cluster.v1.CommandHeader.$Shape): grove.cluster.v1.CommandHeader & grove.cluster.v1.CommandHeader.$Shape;
                static create(properties?: grove.cluster.v1.CommandHeader.$Properties): grove.cluster.v1.CommandHeader;

                /**
                 * Encodes the specified CommandHeader message. Does not implicitly {@link grove.cluster.v1.CommandHeader.verify|verify} messages.
                 * @param message CommandHeader message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.CommandHeader.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a CommandHeader message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.CommandHeader & grove.cluster.v1.CommandHeader.$Shape} CommandHeader
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.CommandHeader & grove.cluster.v1.CommandHeader.$Shape;

                /**
                 * Gets the type url for CommandHeader
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace CommandHeader {

                /** Properties of a CommandHeader. */
                interface $Properties {

                    /** CommandHeader clusterId */
                    clusterId?: (string|null);

                    /** CommandHeader role */
                    role?: (string|null);

                    /** CommandHeader epoch */
                    epoch?: (number|null);

                    /** CommandHeader commandId */
                    commandId?: (string|null);

                    /** CommandHeader trace */
                    trace?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a CommandHeader. */
                type $Shape = grove.cluster.v1.CommandHeader.$Properties;
            }

            /**
             * Properties of an ErrorInfo.
             * @deprecated Use grove.cluster.v1.ErrorInfo.$Properties instead.
             */
            interface IErrorInfo extends grove.cluster.v1.ErrorInfo.$Properties {
            }

            /** Represents an ErrorInfo. */
            class ErrorInfo {

                /**
                 * Constructs a new ErrorInfo.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.ErrorInfo.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ErrorInfo code. */
                code: string;

                /** ErrorInfo message. */
                message: string;

                /** ErrorInfo context. */
                context: grove.cluster.v1.Pair.$Properties[];

                /**
                 * Creates a new ErrorInfo instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ErrorInfo instance
                 */
                static create(properties: grove.cluster.v1.ErrorInfo.$Shape): grove.cluster.v1.ErrorInfo & grove.cluster.v1.ErrorInfo.$Shape;
                static create(properties?: grove.cluster.v1.ErrorInfo.$Properties): grove.cluster.v1.ErrorInfo;

                /**
                 * Encodes the specified ErrorInfo message. Does not implicitly {@link grove.cluster.v1.ErrorInfo.verify|verify} messages.
                 * @param message ErrorInfo message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.ErrorInfo.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an ErrorInfo message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.ErrorInfo & grove.cluster.v1.ErrorInfo.$Shape} ErrorInfo
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.ErrorInfo & grove.cluster.v1.ErrorInfo.$Shape;

                /**
                 * Gets the type url for ErrorInfo
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ErrorInfo {

                /** Properties of an ErrorInfo. */
                interface $Properties {

                    /** ErrorInfo code */
                    code?: (string|null);

                    /** ErrorInfo message */
                    message?: (string|null);

                    /** ErrorInfo context */
                    context?: (grove.cluster.v1.Pair.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an ErrorInfo. */
                type $Shape = grove.cluster.v1.ErrorInfo.$Properties;
            }

            /**
             * Properties of a LoadSegment.
             * @deprecated Use grove.cluster.v1.LoadSegment.$Properties instead.
             */
            interface ILoadSegment extends grove.cluster.v1.LoadSegment.$Properties {
            }

            /** Represents a LoadSegment. */
            class LoadSegment {

                /**
                 * Constructs a new LoadSegment.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.LoadSegment.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** LoadSegment header. */
                header?: (grove.cluster.v1.CommandHeader.$Properties|null);

                /** LoadSegment segmentJson. */
                segmentJson: string;

                /**
                 * Creates a new LoadSegment instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns LoadSegment instance
                 */
                static create(properties: grove.cluster.v1.LoadSegment.$Shape): grove.cluster.v1.LoadSegment & grove.cluster.v1.LoadSegment.$Shape;
                static create(properties?: grove.cluster.v1.LoadSegment.$Properties): grove.cluster.v1.LoadSegment;

                /**
                 * Encodes the specified LoadSegment message. Does not implicitly {@link grove.cluster.v1.LoadSegment.verify|verify} messages.
                 * @param message LoadSegment message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.LoadSegment.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a LoadSegment message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.LoadSegment & grove.cluster.v1.LoadSegment.$Shape} LoadSegment
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.LoadSegment & grove.cluster.v1.LoadSegment.$Shape;

                /**
                 * Gets the type url for LoadSegment
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace LoadSegment {

                /** Properties of a LoadSegment. */
                interface $Properties {

                    /** LoadSegment header */
                    header?: (grove.cluster.v1.CommandHeader.$Properties|null);

                    /** LoadSegment segmentJson */
                    segmentJson?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a LoadSegment. */
                type $Shape = grove.cluster.v1.LoadSegment.$Properties;
            }

            /**
             * Properties of a DropSegment.
             * @deprecated Use grove.cluster.v1.DropSegment.$Properties instead.
             */
            interface IDropSegment extends grove.cluster.v1.DropSegment.$Properties {
            }

            /** Represents a DropSegment. */
            class DropSegment {

                /**
                 * Constructs a new DropSegment.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.DropSegment.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** DropSegment header. */
                header?: (grove.cluster.v1.CommandHeader.$Properties|null);

                /** DropSegment segmentId. */
                segmentId: string;

                /** DropSegment delayMs. */
                delayMs: number;

                /**
                 * Creates a new DropSegment instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns DropSegment instance
                 */
                static create(properties: grove.cluster.v1.DropSegment.$Shape): grove.cluster.v1.DropSegment & grove.cluster.v1.DropSegment.$Shape;
                static create(properties?: grove.cluster.v1.DropSegment.$Properties): grove.cluster.v1.DropSegment;

                /**
                 * Encodes the specified DropSegment message. Does not implicitly {@link grove.cluster.v1.DropSegment.verify|verify} messages.
                 * @param message DropSegment message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.DropSegment.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a DropSegment message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.DropSegment & grove.cluster.v1.DropSegment.$Shape} DropSegment
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.DropSegment & grove.cluster.v1.DropSegment.$Shape;

                /**
                 * Gets the type url for DropSegment
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace DropSegment {

                /** Properties of a DropSegment. */
                interface $Properties {

                    /** DropSegment header */
                    header?: (grove.cluster.v1.CommandHeader.$Properties|null);

                    /** DropSegment segmentId */
                    segmentId?: (string|null);

                    /** DropSegment delayMs */
                    delayMs?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a DropSegment. */
                type $Shape = grove.cluster.v1.DropSegment.$Properties;
            }

            /**
             * Properties of a CommandResult.
             * @deprecated Use grove.cluster.v1.CommandResult.$Properties instead.
             */
            interface ICommandResult extends grove.cluster.v1.CommandResult.$Properties {
            }

            /** Represents a CommandResult. */
            class CommandResult {

                /**
                 * Constructs a new CommandResult.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.CommandResult.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** CommandResult ok. */
                ok: boolean;

                /** CommandResult error. */
                error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                /** CommandResult epochSeen. */
                epochSeen: number;

                /**
                 * Creates a new CommandResult instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns CommandResult instance
                 */
                static create(properties: grove.cluster.v1.CommandResult.$Shape): grove.cluster.v1.CommandResult & grove.cluster.v1.CommandResult.$Shape;
                static create(properties?: grove.cluster.v1.CommandResult.$Properties): grove.cluster.v1.CommandResult;

                /**
                 * Encodes the specified CommandResult message. Does not implicitly {@link grove.cluster.v1.CommandResult.verify|verify} messages.
                 * @param message CommandResult message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.CommandResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a CommandResult message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.CommandResult & grove.cluster.v1.CommandResult.$Shape} CommandResult
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.CommandResult & grove.cluster.v1.CommandResult.$Shape;

                /**
                 * Gets the type url for CommandResult
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace CommandResult {

                /** Properties of a CommandResult. */
                interface $Properties {

                    /** CommandResult ok */
                    ok?: (boolean|null);

                    /** CommandResult error */
                    error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                    /** CommandResult epochSeen */
                    epochSeen?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a CommandResult. */
                type $Shape = grove.cluster.v1.CommandResult.$Properties;
            }

            /**
             * Properties of a SegmentState.
             * @deprecated Use grove.cluster.v1.SegmentState.$Properties instead.
             */
            interface ISegmentState extends grove.cluster.v1.SegmentState.$Properties {
            }

            /** Represents a SegmentState. */
            class SegmentState {

                /**
                 * Constructs a new SegmentState.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.SegmentState.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** SegmentState segmentId. */
                segmentId: string;

                /** SegmentState segmentJson. */
                segmentJson: string;

                /** SegmentState state. */
                state: string;

                /** SegmentState rows. */
                rows: number;

                /** SegmentState bytes. */
                bytes: number;

                /** SegmentState error. */
                error: string;

                /**
                 * Creates a new SegmentState instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns SegmentState instance
                 */
                static create(properties: grove.cluster.v1.SegmentState.$Shape): grove.cluster.v1.SegmentState & grove.cluster.v1.SegmentState.$Shape;
                static create(properties?: grove.cluster.v1.SegmentState.$Properties): grove.cluster.v1.SegmentState;

                /**
                 * Encodes the specified SegmentState message. Does not implicitly {@link grove.cluster.v1.SegmentState.verify|verify} messages.
                 * @param message SegmentState message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.SegmentState.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a SegmentState message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.SegmentState & grove.cluster.v1.SegmentState.$Shape} SegmentState
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.SegmentState & grove.cluster.v1.SegmentState.$Shape;

                /**
                 * Gets the type url for SegmentState
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace SegmentState {

                /** Properties of a SegmentState. */
                interface $Properties {

                    /** SegmentState segmentId */
                    segmentId?: (string|null);

                    /** SegmentState segmentJson */
                    segmentJson?: (string|null);

                    /** SegmentState state */
                    state?: (string|null);

                    /** SegmentState rows */
                    rows?: (number|null);

                    /** SegmentState bytes */
                    bytes?: (number|null);

                    /** SegmentState error */
                    error?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a SegmentState. */
                type $Shape = grove.cluster.v1.SegmentState.$Properties;
            }

            /**
             * Properties of a WatchInventoryRequest.
             * @deprecated Use grove.cluster.v1.WatchInventoryRequest.$Properties instead.
             */
            interface IWatchInventoryRequest extends grove.cluster.v1.WatchInventoryRequest.$Properties {
            }

            /** Represents a WatchInventoryRequest. */
            class WatchInventoryRequest {

                /**
                 * Constructs a new WatchInventoryRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.WatchInventoryRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** WatchInventoryRequest incarnation. */
                incarnation: string;

                /** WatchInventoryRequest fromSequence. */
                fromSequence: number;

                /**
                 * Creates a new WatchInventoryRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns WatchInventoryRequest instance
                 */
                static create(properties: grove.cluster.v1.WatchInventoryRequest.$Shape): grove.cluster.v1.WatchInventoryRequest & grove.cluster.v1.WatchInventoryRequest.$Shape;
                static create(properties?: grove.cluster.v1.WatchInventoryRequest.$Properties): grove.cluster.v1.WatchInventoryRequest;

                /**
                 * Encodes the specified WatchInventoryRequest message. Does not implicitly {@link grove.cluster.v1.WatchInventoryRequest.verify|verify} messages.
                 * @param message WatchInventoryRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.WatchInventoryRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a WatchInventoryRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.WatchInventoryRequest & grove.cluster.v1.WatchInventoryRequest.$Shape} WatchInventoryRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.WatchInventoryRequest & grove.cluster.v1.WatchInventoryRequest.$Shape;

                /**
                 * Gets the type url for WatchInventoryRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace WatchInventoryRequest {

                /** Properties of a WatchInventoryRequest. */
                interface $Properties {

                    /** WatchInventoryRequest incarnation */
                    incarnation?: (string|null);

                    /** WatchInventoryRequest fromSequence */
                    fromSequence?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a WatchInventoryRequest. */
                type $Shape = grove.cluster.v1.WatchInventoryRequest.$Properties;
            }

            /**
             * Properties of an InventoryDelta.
             * @deprecated Use grove.cluster.v1.InventoryDelta.$Properties instead.
             */
            interface IInventoryDelta extends grove.cluster.v1.InventoryDelta.$Properties {
            }

            /** Represents an InventoryDelta. */
            class InventoryDelta {

                /**
                 * Constructs a new InventoryDelta.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.InventoryDelta.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** InventoryDelta node. */
                node: string;

                /** InventoryDelta incarnation. */
                incarnation: string;

                /** InventoryDelta sequence. */
                sequence: number;

                /** InventoryDelta snapshot. */
                snapshot: boolean;

                /** InventoryDelta snapshotEnd. */
                snapshotEnd: boolean;

                /** InventoryDelta changed. */
                changed: grove.cluster.v1.SegmentState.$Properties[];

                /** InventoryDelta removed. */
                removed: string[];

                /**
                 * Creates a new InventoryDelta instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns InventoryDelta instance
                 */
                static create(properties: grove.cluster.v1.InventoryDelta.$Shape): grove.cluster.v1.InventoryDelta & grove.cluster.v1.InventoryDelta.$Shape;
                static create(properties?: grove.cluster.v1.InventoryDelta.$Properties): grove.cluster.v1.InventoryDelta;

                /**
                 * Encodes the specified InventoryDelta message. Does not implicitly {@link grove.cluster.v1.InventoryDelta.verify|verify} messages.
                 * @param message InventoryDelta message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.InventoryDelta.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an InventoryDelta message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.InventoryDelta & grove.cluster.v1.InventoryDelta.$Shape} InventoryDelta
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.InventoryDelta & grove.cluster.v1.InventoryDelta.$Shape;

                /**
                 * Gets the type url for InventoryDelta
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace InventoryDelta {

                /** Properties of an InventoryDelta. */
                interface $Properties {

                    /** InventoryDelta node */
                    node?: (string|null);

                    /** InventoryDelta incarnation */
                    incarnation?: (string|null);

                    /** InventoryDelta sequence */
                    sequence?: (number|null);

                    /** InventoryDelta snapshot */
                    snapshot?: (boolean|null);

                    /** InventoryDelta snapshotEnd */
                    snapshotEnd?: (boolean|null);

                    /** InventoryDelta changed */
                    changed?: (grove.cluster.v1.SegmentState.$Properties[]|null);

                    /** InventoryDelta removed */
                    removed?: (string[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an InventoryDelta. */
                type $Shape = grove.cluster.v1.InventoryDelta.$Properties;
            }

            /**
             * Properties of an ExpectedSegment.
             * @deprecated Use grove.cluster.v1.ExpectedSegment.$Properties instead.
             */
            interface IExpectedSegment extends grove.cluster.v1.ExpectedSegment.$Properties {
            }

            /** Represents an ExpectedSegment. */
            class ExpectedSegment {

                /**
                 * Constructs a new ExpectedSegment.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.ExpectedSegment.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ExpectedSegment segmentId. */
                segmentId: string;

                /** ExpectedSegment segmentJson. */
                segmentJson: string;

                /** ExpectedSegment queryable. */
                queryable: boolean;

                /**
                 * Creates a new ExpectedSegment instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ExpectedSegment instance
                 */
                static create(properties: grove.cluster.v1.ExpectedSegment.$Shape): grove.cluster.v1.ExpectedSegment & grove.cluster.v1.ExpectedSegment.$Shape;
                static create(properties?: grove.cluster.v1.ExpectedSegment.$Properties): grove.cluster.v1.ExpectedSegment;

                /**
                 * Encodes the specified ExpectedSegment message. Does not implicitly {@link grove.cluster.v1.ExpectedSegment.verify|verify} messages.
                 * @param message ExpectedSegment message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.ExpectedSegment.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an ExpectedSegment message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.ExpectedSegment & grove.cluster.v1.ExpectedSegment.$Shape} ExpectedSegment
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.ExpectedSegment & grove.cluster.v1.ExpectedSegment.$Shape;

                /**
                 * Gets the type url for ExpectedSegment
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ExpectedSegment {

                /** Properties of an ExpectedSegment. */
                interface $Properties {

                    /** ExpectedSegment segmentId */
                    segmentId?: (string|null);

                    /** ExpectedSegment segmentJson */
                    segmentJson?: (string|null);

                    /** ExpectedSegment queryable */
                    queryable?: (boolean|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an ExpectedSegment. */
                type $Shape = grove.cluster.v1.ExpectedSegment.$Properties;
            }

            /**
             * Properties of a WatchExpectedRequest.
             * @deprecated Use grove.cluster.v1.WatchExpectedRequest.$Properties instead.
             */
            interface IWatchExpectedRequest extends grove.cluster.v1.WatchExpectedRequest.$Properties {
            }

            /** Represents a WatchExpectedRequest. */
            class WatchExpectedRequest {

                /**
                 * Constructs a new WatchExpectedRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.WatchExpectedRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** WatchExpectedRequest epoch. */
                epoch: number;

                /** WatchExpectedRequest fromSequence. */
                fromSequence: number;

                /**
                 * Creates a new WatchExpectedRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns WatchExpectedRequest instance
                 */
                static create(properties: grove.cluster.v1.WatchExpectedRequest.$Shape): grove.cluster.v1.WatchExpectedRequest & grove.cluster.v1.WatchExpectedRequest.$Shape;
                static create(properties?: grove.cluster.v1.WatchExpectedRequest.$Properties): grove.cluster.v1.WatchExpectedRequest;

                /**
                 * Encodes the specified WatchExpectedRequest message. Does not implicitly {@link grove.cluster.v1.WatchExpectedRequest.verify|verify} messages.
                 * @param message WatchExpectedRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.WatchExpectedRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a WatchExpectedRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.WatchExpectedRequest & grove.cluster.v1.WatchExpectedRequest.$Shape} WatchExpectedRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.WatchExpectedRequest & grove.cluster.v1.WatchExpectedRequest.$Shape;

                /**
                 * Gets the type url for WatchExpectedRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace WatchExpectedRequest {

                /** Properties of a WatchExpectedRequest. */
                interface $Properties {

                    /** WatchExpectedRequest epoch */
                    epoch?: (number|null);

                    /** WatchExpectedRequest fromSequence */
                    fromSequence?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a WatchExpectedRequest. */
                type $Shape = grove.cluster.v1.WatchExpectedRequest.$Properties;
            }

            /**
             * Properties of an ExpectedDelta.
             * @deprecated Use grove.cluster.v1.ExpectedDelta.$Properties instead.
             */
            interface IExpectedDelta extends grove.cluster.v1.ExpectedDelta.$Properties {
            }

            /** Represents an ExpectedDelta. */
            class ExpectedDelta {

                /**
                 * Constructs a new ExpectedDelta.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.ExpectedDelta.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ExpectedDelta epoch. */
                epoch: number;

                /** ExpectedDelta sequence. */
                sequence: number;

                /** ExpectedDelta snapshot. */
                snapshot: boolean;

                /** ExpectedDelta snapshotEnd. */
                snapshotEnd: boolean;

                /** ExpectedDelta changed. */
                changed: grove.cluster.v1.ExpectedSegment.$Properties[];

                /** ExpectedDelta removed. */
                removed: string[];

                /**
                 * Creates a new ExpectedDelta instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ExpectedDelta instance
                 */
                static create(properties: grove.cluster.v1.ExpectedDelta.$Shape): grove.cluster.v1.ExpectedDelta & grove.cluster.v1.ExpectedDelta.$Shape;
                static create(properties?: grove.cluster.v1.ExpectedDelta.$Properties): grove.cluster.v1.ExpectedDelta;

                /**
                 * Encodes the specified ExpectedDelta message. Does not implicitly {@link grove.cluster.v1.ExpectedDelta.verify|verify} messages.
                 * @param message ExpectedDelta message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.ExpectedDelta.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an ExpectedDelta message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.ExpectedDelta & grove.cluster.v1.ExpectedDelta.$Shape} ExpectedDelta
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.ExpectedDelta & grove.cluster.v1.ExpectedDelta.$Shape;

                /**
                 * Gets the type url for ExpectedDelta
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ExpectedDelta {

                /** Properties of an ExpectedDelta. */
                interface $Properties {

                    /** ExpectedDelta epoch */
                    epoch?: (number|null);

                    /** ExpectedDelta sequence */
                    sequence?: (number|null);

                    /** ExpectedDelta snapshot */
                    snapshot?: (boolean|null);

                    /** ExpectedDelta snapshotEnd */
                    snapshotEnd?: (boolean|null);

                    /** ExpectedDelta changed */
                    changed?: (grove.cluster.v1.ExpectedSegment.$Properties[]|null);

                    /** ExpectedDelta removed */
                    removed?: (string[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an ExpectedDelta. */
                type $Shape = grove.cluster.v1.ExpectedDelta.$Properties;
            }

            /**
             * Properties of an ExpectedAckRequest.
             * @deprecated Use grove.cluster.v1.ExpectedAckRequest.$Properties instead.
             */
            interface IExpectedAckRequest extends grove.cluster.v1.ExpectedAckRequest.$Properties {
            }

            /** Represents an ExpectedAckRequest. */
            class ExpectedAckRequest {

                /**
                 * Constructs a new ExpectedAckRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.ExpectedAckRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ExpectedAckRequest broker. */
                broker: string;

                /** ExpectedAckRequest epoch. */
                epoch: number;

                /** ExpectedAckRequest sequence. */
                sequence: number;

                /**
                 * Creates a new ExpectedAckRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ExpectedAckRequest instance
                 */
                static create(properties: grove.cluster.v1.ExpectedAckRequest.$Shape): grove.cluster.v1.ExpectedAckRequest & grove.cluster.v1.ExpectedAckRequest.$Shape;
                static create(properties?: grove.cluster.v1.ExpectedAckRequest.$Properties): grove.cluster.v1.ExpectedAckRequest;

                /**
                 * Encodes the specified ExpectedAckRequest message. Does not implicitly {@link grove.cluster.v1.ExpectedAckRequest.verify|verify} messages.
                 * @param message ExpectedAckRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.ExpectedAckRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an ExpectedAckRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.ExpectedAckRequest & grove.cluster.v1.ExpectedAckRequest.$Shape} ExpectedAckRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.ExpectedAckRequest & grove.cluster.v1.ExpectedAckRequest.$Shape;

                /**
                 * Gets the type url for ExpectedAckRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ExpectedAckRequest {

                /** Properties of an ExpectedAckRequest. */
                interface $Properties {

                    /** ExpectedAckRequest broker */
                    broker?: (string|null);

                    /** ExpectedAckRequest epoch */
                    epoch?: (number|null);

                    /** ExpectedAckRequest sequence */
                    sequence?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an ExpectedAckRequest. */
                type $Shape = grove.cluster.v1.ExpectedAckRequest.$Properties;
            }

            /**
             * Properties of an ExpectedAckResult.
             * @deprecated Use grove.cluster.v1.ExpectedAckResult.$Properties instead.
             */
            interface IExpectedAckResult extends grove.cluster.v1.ExpectedAckResult.$Properties {
            }

            /** Represents an ExpectedAckResult. */
            class ExpectedAckResult {

                /**
                 * Constructs a new ExpectedAckResult.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.ExpectedAckResult.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ExpectedAckResult ok. */
                ok: boolean;

                /**
                 * Creates a new ExpectedAckResult instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ExpectedAckResult instance
                 */
                static create(properties: grove.cluster.v1.ExpectedAckResult.$Shape): grove.cluster.v1.ExpectedAckResult & grove.cluster.v1.ExpectedAckResult.$Shape;
                static create(properties?: grove.cluster.v1.ExpectedAckResult.$Properties): grove.cluster.v1.ExpectedAckResult;

                /**
                 * Encodes the specified ExpectedAckResult message. Does not implicitly {@link grove.cluster.v1.ExpectedAckResult.verify|verify} messages.
                 * @param message ExpectedAckResult message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.ExpectedAckResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an ExpectedAckResult message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.ExpectedAckResult & grove.cluster.v1.ExpectedAckResult.$Shape} ExpectedAckResult
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.ExpectedAckResult & grove.cluster.v1.ExpectedAckResult.$Shape;

                /**
                 * Gets the type url for ExpectedAckResult
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ExpectedAckResult {

                /** Properties of an ExpectedAckResult. */
                interface $Properties {

                    /** ExpectedAckResult ok */
                    ok?: (boolean|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an ExpectedAckResult. */
                type $Shape = grove.cluster.v1.ExpectedAckResult.$Properties;
            }

            /**
             * Properties of a ListLookupsRequest.
             * @deprecated Use grove.cluster.v1.ListLookupsRequest.$Properties instead.
             */
            interface IListLookupsRequest extends grove.cluster.v1.ListLookupsRequest.$Properties {
            }

            /** Represents a ListLookupsRequest. */
            class ListLookupsRequest {

                /**
                 * Constructs a new ListLookupsRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.ListLookupsRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ListLookupsRequest tier. */
                tier: string;

                /**
                 * Creates a new ListLookupsRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ListLookupsRequest instance
                 */
                static create(properties: grove.cluster.v1.ListLookupsRequest.$Shape): grove.cluster.v1.ListLookupsRequest & grove.cluster.v1.ListLookupsRequest.$Shape;
                static create(properties?: grove.cluster.v1.ListLookupsRequest.$Properties): grove.cluster.v1.ListLookupsRequest;

                /**
                 * Encodes the specified ListLookupsRequest message. Does not implicitly {@link grove.cluster.v1.ListLookupsRequest.verify|verify} messages.
                 * @param message ListLookupsRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.ListLookupsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ListLookupsRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.ListLookupsRequest & grove.cluster.v1.ListLookupsRequest.$Shape} ListLookupsRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.ListLookupsRequest & grove.cluster.v1.ListLookupsRequest.$Shape;

                /**
                 * Gets the type url for ListLookupsRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ListLookupsRequest {

                /** Properties of a ListLookupsRequest. */
                interface $Properties {

                    /** ListLookupsRequest tier */
                    tier?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ListLookupsRequest. */
                type $Shape = grove.cluster.v1.ListLookupsRequest.$Properties;
            }

            /**
             * Properties of a ListLookupsResult.
             * @deprecated Use grove.cluster.v1.ListLookupsResult.$Properties instead.
             */
            interface IListLookupsResult extends grove.cluster.v1.ListLookupsResult.$Properties {
            }

            /** Represents a ListLookupsResult. */
            class ListLookupsResult {

                /**
                 * Constructs a new ListLookupsResult.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.ListLookupsResult.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ListLookupsResult lookups. */
                lookups: grove.cluster.v1.LookupDigest.$Properties[];

                /**
                 * Creates a new ListLookupsResult instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ListLookupsResult instance
                 */
                static create(properties: grove.cluster.v1.ListLookupsResult.$Shape): grove.cluster.v1.ListLookupsResult & grove.cluster.v1.ListLookupsResult.$Shape;
                static create(properties?: grove.cluster.v1.ListLookupsResult.$Properties): grove.cluster.v1.ListLookupsResult;

                /**
                 * Encodes the specified ListLookupsResult message. Does not implicitly {@link grove.cluster.v1.ListLookupsResult.verify|verify} messages.
                 * @param message ListLookupsResult message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.ListLookupsResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ListLookupsResult message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.ListLookupsResult & grove.cluster.v1.ListLookupsResult.$Shape} ListLookupsResult
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.ListLookupsResult & grove.cluster.v1.ListLookupsResult.$Shape;

                /**
                 * Gets the type url for ListLookupsResult
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ListLookupsResult {

                /** Properties of a ListLookupsResult. */
                interface $Properties {

                    /** ListLookupsResult lookups */
                    lookups?: (grove.cluster.v1.LookupDigest.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ListLookupsResult. */
                type $Shape = grove.cluster.v1.ListLookupsResult.$Properties;
            }

            /**
             * Properties of a LookupDigest.
             * @deprecated Use grove.cluster.v1.LookupDigest.$Properties instead.
             */
            interface ILookupDigest extends grove.cluster.v1.LookupDigest.$Properties {
            }

            /** Represents a LookupDigest. */
            class LookupDigest {

                /**
                 * Constructs a new LookupDigest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.LookupDigest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** LookupDigest name. */
                name: string;

                /** LookupDigest version. */
                version: string;

                /** LookupDigest digest. */
                digest: string;

                /**
                 * Creates a new LookupDigest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns LookupDigest instance
                 */
                static create(properties: grove.cluster.v1.LookupDigest.$Shape): grove.cluster.v1.LookupDigest & grove.cluster.v1.LookupDigest.$Shape;
                static create(properties?: grove.cluster.v1.LookupDigest.$Properties): grove.cluster.v1.LookupDigest;

                /**
                 * Encodes the specified LookupDigest message. Does not implicitly {@link grove.cluster.v1.LookupDigest.verify|verify} messages.
                 * @param message LookupDigest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.LookupDigest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a LookupDigest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.LookupDigest & grove.cluster.v1.LookupDigest.$Shape} LookupDigest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.LookupDigest & grove.cluster.v1.LookupDigest.$Shape;

                /**
                 * Gets the type url for LookupDigest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace LookupDigest {

                /** Properties of a LookupDigest. */
                interface $Properties {

                    /** LookupDigest name */
                    name?: (string|null);

                    /** LookupDigest version */
                    version?: (string|null);

                    /** LookupDigest digest */
                    digest?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a LookupDigest. */
                type $Shape = grove.cluster.v1.LookupDigest.$Properties;
            }

            /**
             * Properties of a GetLookupRequest.
             * @deprecated Use grove.cluster.v1.GetLookupRequest.$Properties instead.
             */
            interface IGetLookupRequest extends grove.cluster.v1.GetLookupRequest.$Properties {
            }

            /** Represents a GetLookupRequest. */
            class GetLookupRequest {

                /**
                 * Constructs a new GetLookupRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.GetLookupRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** GetLookupRequest tier. */
                tier: string;

                /** GetLookupRequest name. */
                name: string;

                /**
                 * Creates a new GetLookupRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns GetLookupRequest instance
                 */
                static create(properties: grove.cluster.v1.GetLookupRequest.$Shape): grove.cluster.v1.GetLookupRequest & grove.cluster.v1.GetLookupRequest.$Shape;
                static create(properties?: grove.cluster.v1.GetLookupRequest.$Properties): grove.cluster.v1.GetLookupRequest;

                /**
                 * Encodes the specified GetLookupRequest message. Does not implicitly {@link grove.cluster.v1.GetLookupRequest.verify|verify} messages.
                 * @param message GetLookupRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.GetLookupRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a GetLookupRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.GetLookupRequest & grove.cluster.v1.GetLookupRequest.$Shape} GetLookupRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.GetLookupRequest & grove.cluster.v1.GetLookupRequest.$Shape;

                /**
                 * Gets the type url for GetLookupRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace GetLookupRequest {

                /** Properties of a GetLookupRequest. */
                interface $Properties {

                    /** GetLookupRequest tier */
                    tier?: (string|null);

                    /** GetLookupRequest name */
                    name?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a GetLookupRequest. */
                type $Shape = grove.cluster.v1.GetLookupRequest.$Properties;
            }

            /**
             * Properties of a GetLookupResult.
             * @deprecated Use grove.cluster.v1.GetLookupResult.$Properties instead.
             */
            interface IGetLookupResult extends grove.cluster.v1.GetLookupResult.$Properties {
            }

            /** Represents a GetLookupResult. */
            class GetLookupResult {

                /**
                 * Constructs a new GetLookupResult.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.GetLookupResult.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** GetLookupResult known. */
                known: boolean;

                /** GetLookupResult lookup. */
                lookup?: (grove.cluster.v1.LookupDigest.$Properties|null);

                /** GetLookupResult type. */
                type: string;

                /** GetLookupResult factoryJson. */
                factoryJson: string;

                /**
                 * Creates a new GetLookupResult instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns GetLookupResult instance
                 */
                static create(properties: grove.cluster.v1.GetLookupResult.$Shape): grove.cluster.v1.GetLookupResult & grove.cluster.v1.GetLookupResult.$Shape;
                static create(properties?: grove.cluster.v1.GetLookupResult.$Properties): grove.cluster.v1.GetLookupResult;

                /**
                 * Encodes the specified GetLookupResult message. Does not implicitly {@link grove.cluster.v1.GetLookupResult.verify|verify} messages.
                 * @param message GetLookupResult message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.GetLookupResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a GetLookupResult message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.GetLookupResult & grove.cluster.v1.GetLookupResult.$Shape} GetLookupResult
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.GetLookupResult & grove.cluster.v1.GetLookupResult.$Shape;

                /**
                 * Gets the type url for GetLookupResult
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace GetLookupResult {

                /** Properties of a GetLookupResult. */
                interface $Properties {

                    /** GetLookupResult known */
                    known?: (boolean|null);

                    /** GetLookupResult lookup */
                    lookup?: (grove.cluster.v1.LookupDigest.$Properties|null);

                    /** GetLookupResult type */
                    type?: (string|null);

                    /** GetLookupResult factoryJson */
                    factoryJson?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a GetLookupResult. */
                type $Shape = grove.cluster.v1.GetLookupResult.$Properties;
            }

            /**
             * Properties of a RestRequest.
             * @deprecated Use grove.cluster.v1.RestRequest.$Properties instead.
             */
            interface IRestRequest extends grove.cluster.v1.RestRequest.$Properties {
            }

            /** Represents a RestRequest. */
            class RestRequest {

                /**
                 * Constructs a new RestRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.RestRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** RestRequest method. */
                method: string;

                /** RestRequest path. */
                path: string;

                /** RestRequest query. */
                query: grove.cluster.v1.Pair.$Properties[];

                /** RestRequest headers. */
                headers: grove.cluster.v1.Pair.$Properties[];

                /** RestRequest body. */
                body: Uint8Array;

                /** RestRequest principal. */
                principal: string;

                /** RestRequest trace. */
                trace: string;

                /**
                 * Creates a new RestRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns RestRequest instance
                 */
                static create(properties: grove.cluster.v1.RestRequest.$Shape): grove.cluster.v1.RestRequest & grove.cluster.v1.RestRequest.$Shape;
                static create(properties?: grove.cluster.v1.RestRequest.$Properties): grove.cluster.v1.RestRequest;

                /**
                 * Encodes the specified RestRequest message. Does not implicitly {@link grove.cluster.v1.RestRequest.verify|verify} messages.
                 * @param message RestRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.RestRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a RestRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.RestRequest & grove.cluster.v1.RestRequest.$Shape} RestRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.RestRequest & grove.cluster.v1.RestRequest.$Shape;

                /**
                 * Gets the type url for RestRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace RestRequest {

                /** Properties of a RestRequest. */
                interface $Properties {

                    /** RestRequest method */
                    method?: (string|null);

                    /** RestRequest path */
                    path?: (string|null);

                    /** RestRequest query */
                    query?: (grove.cluster.v1.Pair.$Properties[]|null);

                    /** RestRequest headers */
                    headers?: (grove.cluster.v1.Pair.$Properties[]|null);

                    /** RestRequest body */
                    body?: (Uint8Array|null);

                    /** RestRequest principal */
                    principal?: (string|null);

                    /** RestRequest trace */
                    trace?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a RestRequest. */
                type $Shape = grove.cluster.v1.RestRequest.$Properties;
            }

            /**
             * Properties of a RestResponse.
             * @deprecated Use grove.cluster.v1.RestResponse.$Properties instead.
             */
            interface IRestResponse extends grove.cluster.v1.RestResponse.$Properties {
            }

            /** Represents a RestResponse. */
            class RestResponse {

                /**
                 * Constructs a new RestResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.cluster.v1.RestResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** RestResponse status. */
                status: number;

                /** RestResponse contentType. */
                contentType: string;

                /** RestResponse headers. */
                headers: grove.cluster.v1.Pair.$Properties[];

                /** RestResponse body. */
                body: Uint8Array;

                /**
                 * Creates a new RestResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns RestResponse instance
                 */
                static create(properties: grove.cluster.v1.RestResponse.$Shape): grove.cluster.v1.RestResponse & grove.cluster.v1.RestResponse.$Shape;
                static create(properties?: grove.cluster.v1.RestResponse.$Properties): grove.cluster.v1.RestResponse;

                /**
                 * Encodes the specified RestResponse message. Does not implicitly {@link grove.cluster.v1.RestResponse.verify|verify} messages.
                 * @param message RestResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.cluster.v1.RestResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a RestResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.cluster.v1.RestResponse & grove.cluster.v1.RestResponse.$Shape} RestResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.cluster.v1.RestResponse & grove.cluster.v1.RestResponse.$Shape;

                /**
                 * Gets the type url for RestResponse
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace RestResponse {

                /** Properties of a RestResponse. */
                interface $Properties {

                    /** RestResponse status */
                    status?: (number|null);

                    /** RestResponse contentType */
                    contentType?: (string|null);

                    /** RestResponse headers */
                    headers?: (grove.cluster.v1.Pair.$Properties[]|null);

                    /** RestResponse body */
                    body?: (Uint8Array|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a RestResponse. */
                type $Shape = grove.cluster.v1.RestResponse.$Properties;
            }
        }
    }

    /** Namespace metadata. */
    namespace metadata {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of a MetadataRequest.
             * @deprecated Use grove.metadata.v1.MetadataRequest.$Properties instead.
             */
            interface IMetadataRequest extends grove.metadata.v1.MetadataRequest.$Properties {
            }

            /** Represents a MetadataRequest. */
            class MetadataRequest {

                /**
                 * Constructs a new MetadataRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.metadata.v1.MetadataRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** MetadataRequest name. */
                name: string;

                /** MetadataRequest inputJson. */
                inputJson: string;

                /** MetadataRequest leaderRole. */
                leaderRole: string;

                /** MetadataRequest leaderEpoch. */
                leaderEpoch: number;

                /** MetadataRequest trace. */
                trace: string;

                /**
                 * Creates a new MetadataRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns MetadataRequest instance
                 */
                static create(properties: grove.metadata.v1.MetadataRequest.$Shape): grove.metadata.v1.MetadataRequest & grove.metadata.v1.MetadataRequest.$Shape;
                static create(properties?: grove.metadata.v1.MetadataRequest.$Properties): grove.metadata.v1.MetadataRequest;

                /**
                 * Encodes the specified MetadataRequest message. Does not implicitly {@link grove.metadata.v1.MetadataRequest.verify|verify} messages.
                 * @param message MetadataRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.metadata.v1.MetadataRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a MetadataRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.metadata.v1.MetadataRequest & grove.metadata.v1.MetadataRequest.$Shape} MetadataRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.metadata.v1.MetadataRequest & grove.metadata.v1.MetadataRequest.$Shape;

                /**
                 * Gets the type url for MetadataRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace MetadataRequest {

                /** Properties of a MetadataRequest. */
                interface $Properties {

                    /** MetadataRequest name */
                    name?: (string|null);

                    /** MetadataRequest inputJson */
                    inputJson?: (string|null);

                    /** MetadataRequest leaderRole */
                    leaderRole?: (string|null);

                    /** MetadataRequest leaderEpoch */
                    leaderEpoch?: (number|null);

                    /** MetadataRequest trace */
                    trace?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a MetadataRequest. */
                type $Shape = grove.metadata.v1.MetadataRequest.$Properties;
            }

            /**
             * Properties of a MetadataResult.
             * @deprecated Use grove.metadata.v1.MetadataResult.$Properties instead.
             */
            interface IMetadataResult extends grove.metadata.v1.MetadataResult.$Properties {
            }

            /** Represents a MetadataResult. */
            class MetadataResult {

                /**
                 * Constructs a new MetadataResult.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.metadata.v1.MetadataResult.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** MetadataResult outputJson. */
                outputJson: string;

                /** MetadataResult error. */
                error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                /**
                 * Creates a new MetadataResult instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns MetadataResult instance
                 */
                static create(properties: grove.metadata.v1.MetadataResult.$Shape): grove.metadata.v1.MetadataResult & grove.metadata.v1.MetadataResult.$Shape;
                static create(properties?: grove.metadata.v1.MetadataResult.$Properties): grove.metadata.v1.MetadataResult;

                /**
                 * Encodes the specified MetadataResult message. Does not implicitly {@link grove.metadata.v1.MetadataResult.verify|verify} messages.
                 * @param message MetadataResult message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.metadata.v1.MetadataResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a MetadataResult message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.metadata.v1.MetadataResult & grove.metadata.v1.MetadataResult.$Shape} MetadataResult
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.metadata.v1.MetadataResult & grove.metadata.v1.MetadataResult.$Shape;

                /**
                 * Gets the type url for MetadataResult
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace MetadataResult {

                /** Properties of a MetadataResult. */
                interface $Properties {

                    /** MetadataResult outputJson */
                    outputJson?: (string|null);

                    /** MetadataResult error */
                    error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a MetadataResult. */
                type $Shape = grove.metadata.v1.MetadataResult.$Properties;
            }
        }
    }

    /** Namespace query. */
    namespace query {

        /** Namespace v1. */
        namespace v1 {

            /** ColumnType enum. */
            enum ColumnType {

                /** UNKNOWN value */
                UNKNOWN = 0,

                /** LONG value */
                LONG = 1,

                /** DOUBLE value */
                DOUBLE = 2,

                /** FLOAT value */
                FLOAT = 3,

                /** STRING value */
                STRING = 4,

                /** STRING_ARRAY value */
                STRING_ARRAY = 5,

                /** COMPLEX value */
                COMPLEX = 6
            }

            /**
             * Properties of a FrameColumn.
             * @deprecated Use grove.query.v1.FrameColumn.$Properties instead.
             */
            interface IFrameColumn extends grove.query.v1.FrameColumn.$Properties {
            }

            /** Represents a FrameColumn. */
            class FrameColumn {

                /**
                 * Constructs a new FrameColumn.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.FrameColumn.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** FrameColumn name. */
                name: string;

                /** FrameColumn type. */
                type: grove.query.v1.ColumnType;

                /** FrameColumn values. */
                values: Uint8Array;

                /** FrameColumn nulls. */
                nulls: Uint8Array;

                /** FrameColumn offsets. */
                offsets: Uint8Array;

                /** FrameColumn dictionary. */
                dictionary: Uint8Array;

                /** FrameColumn dictionaryEnds. */
                dictionaryEnds: Uint8Array;

                /** FrameColumn complexType. */
                complexType: string;

                /**
                 * Creates a new FrameColumn instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns FrameColumn instance
                 */
                static create(properties: grove.query.v1.FrameColumn.$Shape): grove.query.v1.FrameColumn & grove.query.v1.FrameColumn.$Shape;
                static create(properties?: grove.query.v1.FrameColumn.$Properties): grove.query.v1.FrameColumn;

                /**
                 * Encodes the specified FrameColumn message. Does not implicitly {@link grove.query.v1.FrameColumn.verify|verify} messages.
                 * @param message FrameColumn message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.FrameColumn.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a FrameColumn message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.FrameColumn & grove.query.v1.FrameColumn.$Shape} FrameColumn
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.FrameColumn & grove.query.v1.FrameColumn.$Shape;

                /**
                 * Gets the type url for FrameColumn
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace FrameColumn {

                /** Properties of a FrameColumn. */
                interface $Properties {

                    /** FrameColumn name */
                    name?: (string|null);

                    /** FrameColumn type */
                    type?: (grove.query.v1.ColumnType|null);

                    /** FrameColumn values */
                    values?: (Uint8Array|null);

                    /** FrameColumn nulls */
                    nulls?: (Uint8Array|null);

                    /** FrameColumn offsets */
                    offsets?: (Uint8Array|null);

                    /** FrameColumn dictionary */
                    dictionary?: (Uint8Array|null);

                    /** FrameColumn dictionaryEnds */
                    dictionaryEnds?: (Uint8Array|null);

                    /** FrameColumn complexType */
                    complexType?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a FrameColumn. */
                type $Shape = grove.query.v1.FrameColumn.$Properties;
            }

            /**
             * Properties of a Frame.
             * @deprecated Use grove.query.v1.Frame.$Properties instead.
             */
            interface IFrame extends grove.query.v1.Frame.$Properties {
            }

            /** Represents a Frame. */
            class Frame {

                /**
                 * Constructs a new Frame.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.Frame.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Frame rows. */
                rows: number;

                /** Frame columns. */
                columns: grove.query.v1.FrameColumn.$Properties[];

                /** Frame codec. */
                codec: grove.query.v1.Frame.Codec;

                /** Frame packed. */
                packed: Uint8Array;

                /** Frame packedBytes. */
                packedBytes: number;

                /**
                 * Creates a new Frame instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns Frame instance
                 */
                static create(properties: grove.query.v1.Frame.$Shape): grove.query.v1.Frame & grove.query.v1.Frame.$Shape;
                static create(properties?: grove.query.v1.Frame.$Properties): grove.query.v1.Frame;

                /**
                 * Encodes the specified Frame message. Does not implicitly {@link grove.query.v1.Frame.verify|verify} messages.
                 * @param message Frame message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.Frame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Frame message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.Frame & grove.query.v1.Frame.$Shape} Frame
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.Frame & grove.query.v1.Frame.$Shape;

                /**
                 * Gets the type url for Frame
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace Frame {

                /** Properties of a Frame. */
                interface $Properties {

                    /** Frame rows */
                    rows?: (number|null);

                    /** Frame columns */
                    columns?: (grove.query.v1.FrameColumn.$Properties[]|null);

                    /** Frame codec */
                    codec?: (grove.query.v1.Frame.Codec|null);

                    /** Frame packed */
                    packed?: (Uint8Array|null);

                    /** Frame packedBytes */
                    packedBytes?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Frame. */
                type $Shape = grove.query.v1.Frame.$Properties;

                /** Codec enum. */
                enum Codec {

                    /** NONE value */
                    NONE = 0,

                    /** LZ4 value */
                    LZ4 = 1
                }
            }

            /** Format enum. */
            enum Format {

                /** ROWS value */
                ROWS = 0,

                /** FRAMES value */
                FRAMES = 1
            }

            /**
             * Properties of a NativeRequest.
             * @deprecated Use grove.query.v1.NativeRequest.$Properties instead.
             */
            interface INativeRequest extends grove.query.v1.NativeRequest.$Properties {
            }

            /** Represents a NativeRequest. */
            class NativeRequest {

                /**
                 * Constructs a new NativeRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.NativeRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** NativeRequest query. */
                query: string;

                /** NativeRequest format. */
                format: grove.query.v1.Format;

                /**
                 * Creates a new NativeRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns NativeRequest instance
                 */
                static create(properties: grove.query.v1.NativeRequest.$Shape): grove.query.v1.NativeRequest & grove.query.v1.NativeRequest.$Shape;
                static create(properties?: grove.query.v1.NativeRequest.$Properties): grove.query.v1.NativeRequest;

                /**
                 * Encodes the specified NativeRequest message. Does not implicitly {@link grove.query.v1.NativeRequest.verify|verify} messages.
                 * @param message NativeRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.NativeRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a NativeRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.NativeRequest & grove.query.v1.NativeRequest.$Shape} NativeRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.NativeRequest & grove.query.v1.NativeRequest.$Shape;

                /**
                 * Gets the type url for NativeRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace NativeRequest {

                /** Properties of a NativeRequest. */
                interface $Properties {

                    /** NativeRequest query */
                    query?: (string|null);

                    /** NativeRequest format */
                    format?: (grove.query.v1.Format|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a NativeRequest. */
                type $Shape = grove.query.v1.NativeRequest.$Properties;
            }

            /**
             * Properties of a SqlRequest.
             * @deprecated Use grove.query.v1.SqlRequest.$Properties instead.
             */
            interface ISqlRequest extends grove.query.v1.SqlRequest.$Properties {
            }

            /** Represents a SqlRequest. */
            class SqlRequest {

                /**
                 * Constructs a new SqlRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.SqlRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** SqlRequest query. */
                query: string;

                /** SqlRequest format. */
                format: grove.query.v1.Format;

                /**
                 * Creates a new SqlRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns SqlRequest instance
                 */
                static create(properties: grove.query.v1.SqlRequest.$Shape): grove.query.v1.SqlRequest & grove.query.v1.SqlRequest.$Shape;
                static create(properties?: grove.query.v1.SqlRequest.$Properties): grove.query.v1.SqlRequest;

                /**
                 * Encodes the specified SqlRequest message. Does not implicitly {@link grove.query.v1.SqlRequest.verify|verify} messages.
                 * @param message SqlRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.SqlRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a SqlRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.SqlRequest & grove.query.v1.SqlRequest.$Shape} SqlRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.SqlRequest & grove.query.v1.SqlRequest.$Shape;

                /**
                 * Gets the type url for SqlRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace SqlRequest {

                /** Properties of a SqlRequest. */
                interface $Properties {

                    /** SqlRequest query */
                    query?: (string|null);

                    /** SqlRequest format */
                    format?: (grove.query.v1.Format|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a SqlRequest. */
                type $Shape = grove.query.v1.SqlRequest.$Properties;
            }

            /**
             * Properties of a QueryResponse.
             * @deprecated Use grove.query.v1.QueryResponse.$Properties instead.
             */
            interface IQueryResponse extends grove.query.v1.QueryResponse.$Properties {
            }

            /** Represents a QueryResponse. */
            class QueryResponse {

                /**
                 * Constructs a new QueryResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.QueryResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** QueryResponse frame. */
                frame?: (grove.query.v1.Frame.$Properties|null);

                /** QueryResponse rows. */
                rows?: (string|null);

                /** QueryResponse part. */
                part?: ("frame"|"rows");

                /**
                 * Creates a new QueryResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns QueryResponse instance
                 */
                static create(properties: grove.query.v1.QueryResponse.$Shape): grove.query.v1.QueryResponse & grove.query.v1.QueryResponse.$Shape;
                static create(properties?: grove.query.v1.QueryResponse.$Properties): grove.query.v1.QueryResponse;

                /**
                 * Encodes the specified QueryResponse message. Does not implicitly {@link grove.query.v1.QueryResponse.verify|verify} messages.
                 * @param message QueryResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.QueryResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a QueryResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.QueryResponse & grove.query.v1.QueryResponse.$Shape} QueryResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.QueryResponse & grove.query.v1.QueryResponse.$Shape;

                /**
                 * Gets the type url for QueryResponse
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace QueryResponse {

                /** Properties of a QueryResponse. */
                interface $Properties {

                    /** QueryResponse frame */
                    frame?: (grove.query.v1.Frame.$Properties|null);

                    /** QueryResponse rows */
                    rows?: (string|null);

                    /** QueryResponse part */
                    part?: ("frame"|"rows");

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Narrowed shape of a QueryResponse. */
                type $Shape = {
                  frame?: grove.query.v1.Frame.$Shape|null;
                  rows?: string|null;
                  $unknowns?: Uint8Array[];
                } & (
                  ({ part?: undefined; frame?: null; rows?: null }|{ part?: "frame"; frame: grove.query.v1.Frame.$Shape; rows?: null }|{ part?: "rows"; frame?: null; rows: string })
                );
            }

            /**
             * Properties of a CancelRequest.
             * @deprecated Use grove.query.v1.CancelRequest.$Properties instead.
             */
            interface ICancelRequest extends grove.query.v1.CancelRequest.$Properties {
            }

            /** Represents a CancelRequest. */
            class CancelRequest {

                /**
                 * Constructs a new CancelRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.CancelRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** CancelRequest queryId. */
                queryId: string;

                /**
                 * Creates a new CancelRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns CancelRequest instance
                 */
                static create(properties: grove.query.v1.CancelRequest.$Shape): grove.query.v1.CancelRequest & grove.query.v1.CancelRequest.$Shape;
                static create(properties?: grove.query.v1.CancelRequest.$Properties): grove.query.v1.CancelRequest;

                /**
                 * Encodes the specified CancelRequest message. Does not implicitly {@link grove.query.v1.CancelRequest.verify|verify} messages.
                 * @param message CancelRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.CancelRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a CancelRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.CancelRequest & grove.query.v1.CancelRequest.$Shape} CancelRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.CancelRequest & grove.query.v1.CancelRequest.$Shape;

                /**
                 * Gets the type url for CancelRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace CancelRequest {

                /** Properties of a CancelRequest. */
                interface $Properties {

                    /** CancelRequest queryId */
                    queryId?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a CancelRequest. */
                type $Shape = grove.query.v1.CancelRequest.$Properties;
            }

            /**
             * Properties of a CancelResult.
             * @deprecated Use grove.query.v1.CancelResult.$Properties instead.
             */
            interface ICancelResult extends grove.query.v1.CancelResult.$Properties {
            }

            /** Represents a CancelResult. */
            class CancelResult {

                /**
                 * Constructs a new CancelResult.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.CancelResult.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** CancelResult known. */
                known: boolean;

                /**
                 * Creates a new CancelResult instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns CancelResult instance
                 */
                static create(properties: grove.query.v1.CancelResult.$Shape): grove.query.v1.CancelResult & grove.query.v1.CancelResult.$Shape;
                static create(properties?: grove.query.v1.CancelResult.$Properties): grove.query.v1.CancelResult;

                /**
                 * Encodes the specified CancelResult message. Does not implicitly {@link grove.query.v1.CancelResult.verify|verify} messages.
                 * @param message CancelResult message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.CancelResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a CancelResult message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.CancelResult & grove.query.v1.CancelResult.$Shape} CancelResult
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.CancelResult & grove.query.v1.CancelResult.$Shape;

                /**
                 * Gets the type url for CancelResult
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace CancelResult {

                /** Properties of a CancelResult. */
                interface $Properties {

                    /** CancelResult known */
                    known?: (boolean|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a CancelResult. */
                type $Shape = grove.query.v1.CancelResult.$Properties;
            }

            /**
             * Properties of a DataQuery.
             * @deprecated Use grove.query.v1.DataQuery.$Properties instead.
             */
            interface IDataQuery extends grove.query.v1.DataQuery.$Properties {
            }

            /** Represents a DataQuery. */
            class DataQuery {

                /**
                 * Constructs a new DataQuery.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.DataQuery.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** DataQuery queryJson. */
                queryJson: string;

                /** DataQuery queryId. */
                queryId: string;

                /** DataQuery segments. */
                segments: grove.query.v1.SegmentSlice.$Properties[];

                /** DataQuery clusterId. */
                clusterId: string;

                /** DataQuery frames. */
                frames: grove.query.v1.Frame.$Properties[];

                /** DataQuery bySegment. */
                bySegment: boolean;

                /** DataQuery contextJson. */
                contextJson: string;

                /**
                 * Creates a new DataQuery instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns DataQuery instance
                 */
                static create(properties: grove.query.v1.DataQuery.$Shape): grove.query.v1.DataQuery & grove.query.v1.DataQuery.$Shape;
                static create(properties?: grove.query.v1.DataQuery.$Properties): grove.query.v1.DataQuery;

                /**
                 * Encodes the specified DataQuery message. Does not implicitly {@link grove.query.v1.DataQuery.verify|verify} messages.
                 * @param message DataQuery message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.DataQuery.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a DataQuery message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.DataQuery & grove.query.v1.DataQuery.$Shape} DataQuery
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.DataQuery & grove.query.v1.DataQuery.$Shape;

                /**
                 * Gets the type url for DataQuery
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace DataQuery {

                /** Properties of a DataQuery. */
                interface $Properties {

                    /** DataQuery queryJson */
                    queryJson?: (string|null);

                    /** DataQuery queryId */
                    queryId?: (string|null);

                    /** DataQuery segments */
                    segments?: (grove.query.v1.SegmentSlice.$Properties[]|null);

                    /** DataQuery clusterId */
                    clusterId?: (string|null);

                    /** DataQuery frames */
                    frames?: (grove.query.v1.Frame.$Properties[]|null);

                    /** DataQuery bySegment */
                    bySegment?: (boolean|null);

                    /** DataQuery contextJson */
                    contextJson?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a DataQuery. */
                type $Shape = grove.query.v1.DataQuery.$Properties;
            }

            /**
             * Properties of a SegmentSlice.
             * @deprecated Use grove.query.v1.SegmentSlice.$Properties instead.
             */
            interface ISegmentSlice extends grove.query.v1.SegmentSlice.$Properties {
            }

            /** Represents a SegmentSlice. */
            class SegmentSlice {

                /**
                 * Constructs a new SegmentSlice.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.SegmentSlice.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** SegmentSlice segmentId. */
                segmentId: string;

                /** SegmentSlice intervals. */
                intervals: grove.query.v1.IntervalMs.$Properties[];

                /**
                 * Creates a new SegmentSlice instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns SegmentSlice instance
                 */
                static create(properties: grove.query.v1.SegmentSlice.$Shape): grove.query.v1.SegmentSlice & grove.query.v1.SegmentSlice.$Shape;
                static create(properties?: grove.query.v1.SegmentSlice.$Properties): grove.query.v1.SegmentSlice;

                /**
                 * Encodes the specified SegmentSlice message. Does not implicitly {@link grove.query.v1.SegmentSlice.verify|verify} messages.
                 * @param message SegmentSlice message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.SegmentSlice.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a SegmentSlice message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.SegmentSlice & grove.query.v1.SegmentSlice.$Shape} SegmentSlice
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.SegmentSlice & grove.query.v1.SegmentSlice.$Shape;

                /**
                 * Gets the type url for SegmentSlice
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace SegmentSlice {

                /** Properties of a SegmentSlice. */
                interface $Properties {

                    /** SegmentSlice segmentId */
                    segmentId?: (string|null);

                    /** SegmentSlice intervals */
                    intervals?: (grove.query.v1.IntervalMs.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a SegmentSlice. */
                type $Shape = grove.query.v1.SegmentSlice.$Properties;
            }

            /**
             * Properties of an IntervalMs.
             * @deprecated Use grove.query.v1.IntervalMs.$Properties instead.
             */
            interface IIntervalMs extends grove.query.v1.IntervalMs.$Properties {
            }

            /** Represents an IntervalMs. */
            class IntervalMs {

                /**
                 * Constructs a new IntervalMs.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.IntervalMs.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** IntervalMs startMs. */
                startMs: number;

                /** IntervalMs endMs. */
                endMs: number;

                /**
                 * Creates a new IntervalMs instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns IntervalMs instance
                 */
                static create(properties: grove.query.v1.IntervalMs.$Shape): grove.query.v1.IntervalMs & grove.query.v1.IntervalMs.$Shape;
                static create(properties?: grove.query.v1.IntervalMs.$Properties): grove.query.v1.IntervalMs;

                /**
                 * Encodes the specified IntervalMs message. Does not implicitly {@link grove.query.v1.IntervalMs.verify|verify} messages.
                 * @param message IntervalMs message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.IntervalMs.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an IntervalMs message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.IntervalMs & grove.query.v1.IntervalMs.$Shape} IntervalMs
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.IntervalMs & grove.query.v1.IntervalMs.$Shape;

                /**
                 * Gets the type url for IntervalMs
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace IntervalMs {

                /** Properties of an IntervalMs. */
                interface $Properties {

                    /** IntervalMs startMs */
                    startMs?: (number|null);

                    /** IntervalMs endMs */
                    endMs?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an IntervalMs. */
                type $Shape = grove.query.v1.IntervalMs.$Properties;
            }

            /**
             * Properties of a DataPart.
             * @deprecated Use grove.query.v1.DataPart.$Properties instead.
             */
            interface IDataPart extends grove.query.v1.DataPart.$Properties {
            }

            /** Represents a DataPart. */
            class DataPart {

                /**
                 * Constructs a new DataPart.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.DataPart.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** DataPart frame. */
                frame?: (grove.query.v1.Frame.$Properties|null);

                /** DataPart segments. */
                segments: string[];

                /** DataPart missing. */
                missing: string[];

                /** DataPart error. */
                error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                /** DataPart last. */
                last: boolean;

                /** DataPart times. */
                times: grove.query.v1.IntervalMs.$Properties[];

                /** DataPart ofSegment. */
                ofSegment: string;

                /**
                 * Creates a new DataPart instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns DataPart instance
                 */
                static create(properties: grove.query.v1.DataPart.$Shape): grove.query.v1.DataPart & grove.query.v1.DataPart.$Shape;
                static create(properties?: grove.query.v1.DataPart.$Properties): grove.query.v1.DataPart;

                /**
                 * Encodes the specified DataPart message. Does not implicitly {@link grove.query.v1.DataPart.verify|verify} messages.
                 * @param message DataPart message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.DataPart.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a DataPart message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.DataPart & grove.query.v1.DataPart.$Shape} DataPart
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.DataPart & grove.query.v1.DataPart.$Shape;

                /**
                 * Gets the type url for DataPart
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace DataPart {

                /** Properties of a DataPart. */
                interface $Properties {

                    /** DataPart frame */
                    frame?: (grove.query.v1.Frame.$Properties|null);

                    /** DataPart segments */
                    segments?: (string[]|null);

                    /** DataPart missing */
                    missing?: (string[]|null);

                    /** DataPart error */
                    error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                    /** DataPart last */
                    last?: (boolean|null);

                    /** DataPart times */
                    times?: (grove.query.v1.IntervalMs.$Properties[]|null);

                    /** DataPart ofSegment */
                    ofSegment?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a DataPart. */
                type $Shape = grove.query.v1.DataPart.$Properties;
            }

            /**
             * Properties of a BrokerQuery.
             * @deprecated Use grove.query.v1.BrokerQuery.$Properties instead.
             */
            interface IBrokerQuery extends grove.query.v1.BrokerQuery.$Properties {
            }

            /** Represents a BrokerQuery. */
            class BrokerQuery {

                /**
                 * Constructs a new BrokerQuery.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.BrokerQuery.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** BrokerQuery queryJson. */
                queryJson: string;

                /** BrokerQuery queryId. */
                queryId: string;

                /** BrokerQuery pretty. */
                pretty: boolean;

                /** BrokerQuery principal. */
                principal: string;

                /** BrokerQuery ifNoneMatch. */
                ifNoneMatch: string;

                /** BrokerQuery format. */
                format: grove.query.v1.Format;

                /**
                 * Creates a new BrokerQuery instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns BrokerQuery instance
                 */
                static create(properties: grove.query.v1.BrokerQuery.$Shape): grove.query.v1.BrokerQuery & grove.query.v1.BrokerQuery.$Shape;
                static create(properties?: grove.query.v1.BrokerQuery.$Properties): grove.query.v1.BrokerQuery;

                /**
                 * Encodes the specified BrokerQuery message. Does not implicitly {@link grove.query.v1.BrokerQuery.verify|verify} messages.
                 * @param message BrokerQuery message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.BrokerQuery.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a BrokerQuery message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.BrokerQuery & grove.query.v1.BrokerQuery.$Shape} BrokerQuery
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.BrokerQuery & grove.query.v1.BrokerQuery.$Shape;

                /**
                 * Gets the type url for BrokerQuery
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace BrokerQuery {

                /** Properties of a BrokerQuery. */
                interface $Properties {

                    /** BrokerQuery queryJson */
                    queryJson?: (string|null);

                    /** BrokerQuery queryId */
                    queryId?: (string|null);

                    /** BrokerQuery pretty */
                    pretty?: (boolean|null);

                    /** BrokerQuery principal */
                    principal?: (string|null);

                    /** BrokerQuery ifNoneMatch */
                    ifNoneMatch?: (string|null);

                    /** BrokerQuery format */
                    format?: (grove.query.v1.Format|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a BrokerQuery. */
                type $Shape = grove.query.v1.BrokerQuery.$Properties;
            }

            /**
             * Properties of a BrokerPart.
             * @deprecated Use grove.query.v1.BrokerPart.$Properties instead.
             */
            interface IBrokerPart extends grove.query.v1.BrokerPart.$Properties {
            }

            /** Represents a BrokerPart. */
            class BrokerPart {

                /**
                 * Constructs a new BrokerPart.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.BrokerPart.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** BrokerPart rows. */
                rows: Uint8Array;

                /** BrokerPart frame. */
                frame?: (grove.query.v1.Frame.$Properties|null);

                /** BrokerPart head. */
                head?: (grove.query.v1.ResponseHead.$Properties|null);

                /** BrokerPart error. */
                error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                /**
                 * Creates a new BrokerPart instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns BrokerPart instance
                 */
                static create(properties: grove.query.v1.BrokerPart.$Shape): grove.query.v1.BrokerPart & grove.query.v1.BrokerPart.$Shape;
                static create(properties?: grove.query.v1.BrokerPart.$Properties): grove.query.v1.BrokerPart;

                /**
                 * Encodes the specified BrokerPart message. Does not implicitly {@link grove.query.v1.BrokerPart.verify|verify} messages.
                 * @param message BrokerPart message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.BrokerPart.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a BrokerPart message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.BrokerPart & grove.query.v1.BrokerPart.$Shape} BrokerPart
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.BrokerPart & grove.query.v1.BrokerPart.$Shape;

                /**
                 * Gets the type url for BrokerPart
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace BrokerPart {

                /** Properties of a BrokerPart. */
                interface $Properties {

                    /** BrokerPart rows */
                    rows?: (Uint8Array|null);

                    /** BrokerPart frame */
                    frame?: (grove.query.v1.Frame.$Properties|null);

                    /** BrokerPart head */
                    head?: (grove.query.v1.ResponseHead.$Properties|null);

                    /** BrokerPart error */
                    error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a BrokerPart. */
                type $Shape = grove.query.v1.BrokerPart.$Properties;
            }

            /**
             * Properties of a ResponseHead.
             * @deprecated Use grove.query.v1.ResponseHead.$Properties instead.
             */
            interface IResponseHead extends grove.query.v1.ResponseHead.$Properties {
            }

            /** Represents a ResponseHead. */
            class ResponseHead {

                /**
                 * Constructs a new ResponseHead.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.query.v1.ResponseHead.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ResponseHead queryId. */
                queryId: string;

                /** ResponseHead etag. */
                etag: string;

                /** ResponseHead responseContext. */
                responseContext: string;

                /** ResponseHead segmentCount. */
                segmentCount: number;

                /** ResponseHead notModified. */
                notModified: boolean;

                /** ResponseHead errorBody. */
                errorBody: string;

                /** ResponseHead status. */
                status: number;

                /**
                 * Creates a new ResponseHead instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ResponseHead instance
                 */
                static create(properties: grove.query.v1.ResponseHead.$Shape): grove.query.v1.ResponseHead & grove.query.v1.ResponseHead.$Shape;
                static create(properties?: grove.query.v1.ResponseHead.$Properties): grove.query.v1.ResponseHead;

                /**
                 * Encodes the specified ResponseHead message. Does not implicitly {@link grove.query.v1.ResponseHead.verify|verify} messages.
                 * @param message ResponseHead message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.query.v1.ResponseHead.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ResponseHead message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.query.v1.ResponseHead & grove.query.v1.ResponseHead.$Shape} ResponseHead
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.query.v1.ResponseHead & grove.query.v1.ResponseHead.$Shape;

                /**
                 * Gets the type url for ResponseHead
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ResponseHead {

                /** Properties of a ResponseHead. */
                interface $Properties {

                    /** ResponseHead queryId */
                    queryId?: (string|null);

                    /** ResponseHead etag */
                    etag?: (string|null);

                    /** ResponseHead responseContext */
                    responseContext?: (string|null);

                    /** ResponseHead segmentCount */
                    segmentCount?: (number|null);

                    /** ResponseHead notModified */
                    notModified?: (boolean|null);

                    /** ResponseHead errorBody */
                    errorBody?: (string|null);

                    /** ResponseHead status */
                    status?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ResponseHead. */
                type $Shape = grove.query.v1.ResponseHead.$Properties;
            }
        }
    }

    /** Namespace segment. */
    namespace segment {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of a SegmentId.
             * @deprecated Use grove.segment.v1.SegmentId.$Properties instead.
             */
            interface ISegmentId extends grove.segment.v1.SegmentId.$Properties {
            }

            /** Represents a SegmentId. */
            class SegmentId {

                /**
                 * Constructs a new SegmentId.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.segment.v1.SegmentId.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** SegmentId dataSource. */
                dataSource: string;

                /** SegmentId startMs. */
                startMs: number;

                /** SegmentId endMs. */
                endMs: number;

                /** SegmentId version. */
                version: string;

                /** SegmentId partition. */
                partition: number;

                /**
                 * Creates a new SegmentId instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns SegmentId instance
                 */
                static create(properties: grove.segment.v1.SegmentId.$Shape): grove.segment.v1.SegmentId & grove.segment.v1.SegmentId.$Shape;
                static create(properties?: grove.segment.v1.SegmentId.$Properties): grove.segment.v1.SegmentId;

                /**
                 * Encodes the specified SegmentId message. Does not implicitly {@link grove.segment.v1.SegmentId.verify|verify} messages.
                 * @param message SegmentId message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.segment.v1.SegmentId.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a SegmentId message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.segment.v1.SegmentId & grove.segment.v1.SegmentId.$Shape} SegmentId
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.segment.v1.SegmentId & grove.segment.v1.SegmentId.$Shape;

                /**
                 * Gets the type url for SegmentId
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace SegmentId {

                /** Properties of a SegmentId. */
                interface $Properties {

                    /** SegmentId dataSource */
                    dataSource?: (string|null);

                    /** SegmentId startMs */
                    startMs?: (number|null);

                    /** SegmentId endMs */
                    endMs?: (number|null);

                    /** SegmentId version */
                    version?: (string|null);

                    /** SegmentId partition */
                    partition?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a SegmentId. */
                type $Shape = grove.segment.v1.SegmentId.$Properties;
            }
        }
    }

    /** Namespace task. */
    namespace task {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of a RunTask.
             * @deprecated Use grove.task.v1.RunTask.$Properties instead.
             */
            interface IRunTask extends grove.task.v1.RunTask.$Properties {
            }

            /** Represents a RunTask. */
            class RunTask {

                /**
                 * Constructs a new RunTask.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.RunTask.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** RunTask header. */
                header?: (grove.cluster.v1.CommandHeader.$Properties|null);

                /** RunTask taskId. */
                taskId: string;

                /** RunTask groupId. */
                groupId: string;

                /**
                 * Creates a new RunTask instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns RunTask instance
                 */
                static create(properties: grove.task.v1.RunTask.$Shape): grove.task.v1.RunTask & grove.task.v1.RunTask.$Shape;
                static create(properties?: grove.task.v1.RunTask.$Properties): grove.task.v1.RunTask;

                /**
                 * Encodes the specified RunTask message. Does not implicitly {@link grove.task.v1.RunTask.verify|verify} messages.
                 * @param message RunTask message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.RunTask.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a RunTask message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.RunTask & grove.task.v1.RunTask.$Shape} RunTask
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.RunTask & grove.task.v1.RunTask.$Shape;

                /**
                 * Gets the type url for RunTask
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace RunTask {

                /** Properties of a RunTask. */
                interface $Properties {

                    /** RunTask header */
                    header?: (grove.cluster.v1.CommandHeader.$Properties|null);

                    /** RunTask taskId */
                    taskId?: (string|null);

                    /** RunTask groupId */
                    groupId?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a RunTask. */
                type $Shape = grove.task.v1.RunTask.$Properties;
            }

            /**
             * Properties of a StopTask.
             * @deprecated Use grove.task.v1.StopTask.$Properties instead.
             */
            interface IStopTask extends grove.task.v1.StopTask.$Properties {
            }

            /** Represents a StopTask. */
            class StopTask {

                /**
                 * Constructs a new StopTask.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.StopTask.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** StopTask header. */
                header?: (grove.cluster.v1.CommandHeader.$Properties|null);

                /** StopTask taskId. */
                taskId: string;

                /** StopTask reason. */
                reason: string;

                /**
                 * Creates a new StopTask instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns StopTask instance
                 */
                static create(properties: grove.task.v1.StopTask.$Shape): grove.task.v1.StopTask & grove.task.v1.StopTask.$Shape;
                static create(properties?: grove.task.v1.StopTask.$Properties): grove.task.v1.StopTask;

                /**
                 * Encodes the specified StopTask message. Does not implicitly {@link grove.task.v1.StopTask.verify|verify} messages.
                 * @param message StopTask message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.StopTask.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a StopTask message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.StopTask & grove.task.v1.StopTask.$Shape} StopTask
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.StopTask & grove.task.v1.StopTask.$Shape;

                /**
                 * Gets the type url for StopTask
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace StopTask {

                /** Properties of a StopTask. */
                interface $Properties {

                    /** StopTask header */
                    header?: (grove.cluster.v1.CommandHeader.$Properties|null);

                    /** StopTask taskId */
                    taskId?: (string|null);

                    /** StopTask reason */
                    reason?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a StopTask. */
                type $Shape = grove.task.v1.StopTask.$Properties;
            }

            /**
             * Properties of a SubmitRequest.
             * @deprecated Use grove.task.v1.SubmitRequest.$Properties instead.
             */
            interface ISubmitRequest extends grove.task.v1.SubmitRequest.$Properties {
            }

            /** Represents a SubmitRequest. */
            class SubmitRequest {

                /**
                 * Constructs a new SubmitRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.SubmitRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** SubmitRequest taskJson. */
                taskJson: string;

                /** SubmitRequest principal. */
                principal: string;

                /** SubmitRequest trace. */
                trace: string;

                /**
                 * Creates a new SubmitRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns SubmitRequest instance
                 */
                static create(properties: grove.task.v1.SubmitRequest.$Shape): grove.task.v1.SubmitRequest & grove.task.v1.SubmitRequest.$Shape;
                static create(properties?: grove.task.v1.SubmitRequest.$Properties): grove.task.v1.SubmitRequest;

                /**
                 * Encodes the specified SubmitRequest message. Does not implicitly {@link grove.task.v1.SubmitRequest.verify|verify} messages.
                 * @param message SubmitRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.SubmitRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a SubmitRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.SubmitRequest & grove.task.v1.SubmitRequest.$Shape} SubmitRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.SubmitRequest & grove.task.v1.SubmitRequest.$Shape;

                /**
                 * Gets the type url for SubmitRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace SubmitRequest {

                /** Properties of a SubmitRequest. */
                interface $Properties {

                    /** SubmitRequest taskJson */
                    taskJson?: (string|null);

                    /** SubmitRequest principal */
                    principal?: (string|null);

                    /** SubmitRequest trace */
                    trace?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a SubmitRequest. */
                type $Shape = grove.task.v1.SubmitRequest.$Properties;
            }

            /**
             * Properties of a SubmitResult.
             * @deprecated Use grove.task.v1.SubmitResult.$Properties instead.
             */
            interface ISubmitResult extends grove.task.v1.SubmitResult.$Properties {
            }

            /** Represents a SubmitResult. */
            class SubmitResult {

                /**
                 * Constructs a new SubmitResult.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.SubmitResult.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** SubmitResult taskId. */
                taskId: string;

                /** SubmitResult error. */
                error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                /**
                 * Creates a new SubmitResult instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns SubmitResult instance
                 */
                static create(properties: grove.task.v1.SubmitResult.$Shape): grove.task.v1.SubmitResult & grove.task.v1.SubmitResult.$Shape;
                static create(properties?: grove.task.v1.SubmitResult.$Properties): grove.task.v1.SubmitResult;

                /**
                 * Encodes the specified SubmitResult message. Does not implicitly {@link grove.task.v1.SubmitResult.verify|verify} messages.
                 * @param message SubmitResult message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.SubmitResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a SubmitResult message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.SubmitResult & grove.task.v1.SubmitResult.$Shape} SubmitResult
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.SubmitResult & grove.task.v1.SubmitResult.$Shape;

                /**
                 * Gets the type url for SubmitResult
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace SubmitResult {

                /** Properties of a SubmitResult. */
                interface $Properties {

                    /** SubmitResult taskId */
                    taskId?: (string|null);

                    /** SubmitResult error */
                    error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a SubmitResult. */
                type $Shape = grove.task.v1.SubmitResult.$Properties;
            }

            /**
             * Properties of a GetTaskRequest.
             * @deprecated Use grove.task.v1.GetTaskRequest.$Properties instead.
             */
            interface IGetTaskRequest extends grove.task.v1.GetTaskRequest.$Properties {
            }

            /** Represents a GetTaskRequest. */
            class GetTaskRequest {

                /**
                 * Constructs a new GetTaskRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.GetTaskRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** GetTaskRequest taskId. */
                taskId: string;

                /**
                 * Creates a new GetTaskRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns GetTaskRequest instance
                 */
                static create(properties: grove.task.v1.GetTaskRequest.$Shape): grove.task.v1.GetTaskRequest & grove.task.v1.GetTaskRequest.$Shape;
                static create(properties?: grove.task.v1.GetTaskRequest.$Properties): grove.task.v1.GetTaskRequest;

                /**
                 * Encodes the specified GetTaskRequest message. Does not implicitly {@link grove.task.v1.GetTaskRequest.verify|verify} messages.
                 * @param message GetTaskRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.GetTaskRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a GetTaskRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.GetTaskRequest & grove.task.v1.GetTaskRequest.$Shape} GetTaskRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.GetTaskRequest & grove.task.v1.GetTaskRequest.$Shape;

                /**
                 * Gets the type url for GetTaskRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace GetTaskRequest {

                /** Properties of a GetTaskRequest. */
                interface $Properties {

                    /** GetTaskRequest taskId */
                    taskId?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a GetTaskRequest. */
                type $Shape = grove.task.v1.GetTaskRequest.$Properties;
            }

            /**
             * Properties of a GetTaskResult.
             * @deprecated Use grove.task.v1.GetTaskResult.$Properties instead.
             */
            interface IGetTaskResult extends grove.task.v1.GetTaskResult.$Properties {
            }

            /** Represents a GetTaskResult. */
            class GetTaskResult {

                /**
                 * Constructs a new GetTaskResult.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.GetTaskResult.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** GetTaskResult taskJson. */
                taskJson: string;

                /** GetTaskResult error. */
                error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                /**
                 * Creates a new GetTaskResult instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns GetTaskResult instance
                 */
                static create(properties: grove.task.v1.GetTaskResult.$Shape): grove.task.v1.GetTaskResult & grove.task.v1.GetTaskResult.$Shape;
                static create(properties?: grove.task.v1.GetTaskResult.$Properties): grove.task.v1.GetTaskResult;

                /**
                 * Encodes the specified GetTaskResult message. Does not implicitly {@link grove.task.v1.GetTaskResult.verify|verify} messages.
                 * @param message GetTaskResult message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.GetTaskResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a GetTaskResult message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.GetTaskResult & grove.task.v1.GetTaskResult.$Shape} GetTaskResult
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.GetTaskResult & grove.task.v1.GetTaskResult.$Shape;

                /**
                 * Gets the type url for GetTaskResult
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace GetTaskResult {

                /** Properties of a GetTaskResult. */
                interface $Properties {

                    /** GetTaskResult taskJson */
                    taskJson?: (string|null);

                    /** GetTaskResult error */
                    error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a GetTaskResult. */
                type $Shape = grove.task.v1.GetTaskResult.$Properties;
            }

            /**
             * Properties of a TaskActionRequest.
             * @deprecated Use grove.task.v1.TaskActionRequest.$Properties instead.
             */
            interface ITaskActionRequest extends grove.task.v1.TaskActionRequest.$Properties {
            }

            /** Represents a TaskActionRequest. */
            class TaskActionRequest {

                /**
                 * Constructs a new TaskActionRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.TaskActionRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** TaskActionRequest taskId. */
                taskId: string;

                /** TaskActionRequest incarnation. */
                incarnation: string;

                /** TaskActionRequest actionJson. */
                actionJson: string;

                /** TaskActionRequest trace. */
                trace: string;

                /**
                 * Creates a new TaskActionRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns TaskActionRequest instance
                 */
                static create(properties: grove.task.v1.TaskActionRequest.$Shape): grove.task.v1.TaskActionRequest & grove.task.v1.TaskActionRequest.$Shape;
                static create(properties?: grove.task.v1.TaskActionRequest.$Properties): grove.task.v1.TaskActionRequest;

                /**
                 * Encodes the specified TaskActionRequest message. Does not implicitly {@link grove.task.v1.TaskActionRequest.verify|verify} messages.
                 * @param message TaskActionRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.TaskActionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a TaskActionRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.TaskActionRequest & grove.task.v1.TaskActionRequest.$Shape} TaskActionRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.TaskActionRequest & grove.task.v1.TaskActionRequest.$Shape;

                /**
                 * Gets the type url for TaskActionRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace TaskActionRequest {

                /** Properties of a TaskActionRequest. */
                interface $Properties {

                    /** TaskActionRequest taskId */
                    taskId?: (string|null);

                    /** TaskActionRequest incarnation */
                    incarnation?: (string|null);

                    /** TaskActionRequest actionJson */
                    actionJson?: (string|null);

                    /** TaskActionRequest trace */
                    trace?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a TaskActionRequest. */
                type $Shape = grove.task.v1.TaskActionRequest.$Properties;
            }

            /**
             * Properties of a TaskActionResult.
             * @deprecated Use grove.task.v1.TaskActionResult.$Properties instead.
             */
            interface ITaskActionResult extends grove.task.v1.TaskActionResult.$Properties {
            }

            /** Represents a TaskActionResult. */
            class TaskActionResult {

                /**
                 * Constructs a new TaskActionResult.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.TaskActionResult.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** TaskActionResult resultJson. */
                resultJson: string;

                /** TaskActionResult error. */
                error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                /**
                 * Creates a new TaskActionResult instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns TaskActionResult instance
                 */
                static create(properties: grove.task.v1.TaskActionResult.$Shape): grove.task.v1.TaskActionResult & grove.task.v1.TaskActionResult.$Shape;
                static create(properties?: grove.task.v1.TaskActionResult.$Properties): grove.task.v1.TaskActionResult;

                /**
                 * Encodes the specified TaskActionResult message. Does not implicitly {@link grove.task.v1.TaskActionResult.verify|verify} messages.
                 * @param message TaskActionResult message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.TaskActionResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a TaskActionResult message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.TaskActionResult & grove.task.v1.TaskActionResult.$Shape} TaskActionResult
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.TaskActionResult & grove.task.v1.TaskActionResult.$Shape;

                /**
                 * Gets the type url for TaskActionResult
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace TaskActionResult {

                /** Properties of a TaskActionResult. */
                interface $Properties {

                    /** TaskActionResult resultJson */
                    resultJson?: (string|null);

                    /** TaskActionResult error */
                    error?: (grove.cluster.v1.ErrorInfo.$Properties|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a TaskActionResult. */
                type $Shape = grove.task.v1.TaskActionResult.$Properties;
            }

            /**
             * Properties of a PeonBeat.
             * @deprecated Use grove.task.v1.PeonBeat.$Properties instead.
             */
            interface IPeonBeat extends grove.task.v1.PeonBeat.$Properties {
            }

            /** Represents a PeonBeat. */
            class PeonBeat {

                /**
                 * Constructs a new PeonBeat.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.PeonBeat.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** PeonBeat taskId. */
                taskId: string;

                /** PeonBeat incarnation. */
                incarnation: string;

                /** PeonBeat pid. */
                pid: number;

                /** PeonBeat phase. */
                phase: string;

                /** PeonBeat location. */
                location: string;

                /** PeonBeat reportJson. */
                reportJson: string;

                /**
                 * Creates a new PeonBeat instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns PeonBeat instance
                 */
                static create(properties: grove.task.v1.PeonBeat.$Shape): grove.task.v1.PeonBeat & grove.task.v1.PeonBeat.$Shape;
                static create(properties?: grove.task.v1.PeonBeat.$Properties): grove.task.v1.PeonBeat;

                /**
                 * Encodes the specified PeonBeat message. Does not implicitly {@link grove.task.v1.PeonBeat.verify|verify} messages.
                 * @param message PeonBeat message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.PeonBeat.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a PeonBeat message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.PeonBeat & grove.task.v1.PeonBeat.$Shape} PeonBeat
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.PeonBeat & grove.task.v1.PeonBeat.$Shape;

                /**
                 * Gets the type url for PeonBeat
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace PeonBeat {

                /** Properties of a PeonBeat. */
                interface $Properties {

                    /** PeonBeat taskId */
                    taskId?: (string|null);

                    /** PeonBeat incarnation */
                    incarnation?: (string|null);

                    /** PeonBeat pid */
                    pid?: (number|null);

                    /** PeonBeat phase */
                    phase?: (string|null);

                    /** PeonBeat location */
                    location?: (string|null);

                    /** PeonBeat reportJson */
                    reportJson?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a PeonBeat. */
                type $Shape = grove.task.v1.PeonBeat.$Properties;
            }

            /**
             * Properties of a PeonBeatResult.
             * @deprecated Use grove.task.v1.PeonBeatResult.$Properties instead.
             */
            interface IPeonBeatResult extends grove.task.v1.PeonBeatResult.$Properties {
            }

            /** Represents a PeonBeatResult. */
            class PeonBeatResult {

                /**
                 * Constructs a new PeonBeatResult.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.PeonBeatResult.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** PeonBeatResult known. */
                known: boolean;

                /** PeonBeatResult stop. */
                stop: boolean;

                /** PeonBeatResult reason. */
                reason: string;

                /**
                 * Creates a new PeonBeatResult instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns PeonBeatResult instance
                 */
                static create(properties: grove.task.v1.PeonBeatResult.$Shape): grove.task.v1.PeonBeatResult & grove.task.v1.PeonBeatResult.$Shape;
                static create(properties?: grove.task.v1.PeonBeatResult.$Properties): grove.task.v1.PeonBeatResult;

                /**
                 * Encodes the specified PeonBeatResult message. Does not implicitly {@link grove.task.v1.PeonBeatResult.verify|verify} messages.
                 * @param message PeonBeatResult message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.PeonBeatResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a PeonBeatResult message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.PeonBeatResult & grove.task.v1.PeonBeatResult.$Shape} PeonBeatResult
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.PeonBeatResult & grove.task.v1.PeonBeatResult.$Shape;

                /**
                 * Gets the type url for PeonBeatResult
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace PeonBeatResult {

                /** Properties of a PeonBeatResult. */
                interface $Properties {

                    /** PeonBeatResult known */
                    known?: (boolean|null);

                    /** PeonBeatResult stop */
                    stop?: (boolean|null);

                    /** PeonBeatResult reason */
                    reason?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a PeonBeatResult. */
                type $Shape = grove.task.v1.PeonBeatResult.$Properties;
            }

            /**
             * Properties of a TaskDone.
             * @deprecated Use grove.task.v1.TaskDone.$Properties instead.
             */
            interface ITaskDone extends grove.task.v1.TaskDone.$Properties {
            }

            /** Represents a TaskDone. */
            class TaskDone {

                /**
                 * Constructs a new TaskDone.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.TaskDone.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** TaskDone taskId. */
                taskId: string;

                /** TaskDone incarnation. */
                incarnation: string;

                /** TaskDone status. */
                status: string;

                /** TaskDone errorMessage. */
                errorMessage: string;

                /** TaskDone durationMs. */
                durationMs: number;

                /** TaskDone reportJson. */
                reportJson: string;

                /**
                 * Creates a new TaskDone instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns TaskDone instance
                 */
                static create(properties: grove.task.v1.TaskDone.$Shape): grove.task.v1.TaskDone & grove.task.v1.TaskDone.$Shape;
                static create(properties?: grove.task.v1.TaskDone.$Properties): grove.task.v1.TaskDone;

                /**
                 * Encodes the specified TaskDone message. Does not implicitly {@link grove.task.v1.TaskDone.verify|verify} messages.
                 * @param message TaskDone message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.TaskDone.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a TaskDone message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.TaskDone & grove.task.v1.TaskDone.$Shape} TaskDone
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.TaskDone & grove.task.v1.TaskDone.$Shape;

                /**
                 * Gets the type url for TaskDone
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace TaskDone {

                /** Properties of a TaskDone. */
                interface $Properties {

                    /** TaskDone taskId */
                    taskId?: (string|null);

                    /** TaskDone incarnation */
                    incarnation?: (string|null);

                    /** TaskDone status */
                    status?: (string|null);

                    /** TaskDone errorMessage */
                    errorMessage?: (string|null);

                    /** TaskDone durationMs */
                    durationMs?: (number|null);

                    /** TaskDone reportJson */
                    reportJson?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a TaskDone. */
                type $Shape = grove.task.v1.TaskDone.$Properties;
            }

            /**
             * Properties of a TaskDoneResult.
             * @deprecated Use grove.task.v1.TaskDoneResult.$Properties instead.
             */
            interface ITaskDoneResult extends grove.task.v1.TaskDoneResult.$Properties {
            }

            /** Represents a TaskDoneResult. */
            class TaskDoneResult {

                /**
                 * Constructs a new TaskDoneResult.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.TaskDoneResult.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** TaskDoneResult ok. */
                ok: boolean;

                /**
                 * Creates a new TaskDoneResult instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns TaskDoneResult instance
                 */
                static create(properties: grove.task.v1.TaskDoneResult.$Shape): grove.task.v1.TaskDoneResult & grove.task.v1.TaskDoneResult.$Shape;
                static create(properties?: grove.task.v1.TaskDoneResult.$Properties): grove.task.v1.TaskDoneResult;

                /**
                 * Encodes the specified TaskDoneResult message. Does not implicitly {@link grove.task.v1.TaskDoneResult.verify|verify} messages.
                 * @param message TaskDoneResult message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.TaskDoneResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a TaskDoneResult message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.TaskDoneResult & grove.task.v1.TaskDoneResult.$Shape} TaskDoneResult
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.TaskDoneResult & grove.task.v1.TaskDoneResult.$Shape;

                /**
                 * Gets the type url for TaskDoneResult
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace TaskDoneResult {

                /** Properties of a TaskDoneResult. */
                interface $Properties {

                    /** TaskDoneResult ok */
                    ok?: (boolean|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a TaskDoneResult. */
                type $Shape = grove.task.v1.TaskDoneResult.$Properties;
            }

            /**
             * Properties of a WorkerTaskState.
             * @deprecated Use grove.task.v1.WorkerTaskState.$Properties instead.
             */
            interface IWorkerTaskState extends grove.task.v1.WorkerTaskState.$Properties {
            }

            /** Represents a WorkerTaskState. */
            class WorkerTaskState {

                /**
                 * Constructs a new WorkerTaskState.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.WorkerTaskState.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** WorkerTaskState taskId. */
                taskId: string;

                /** WorkerTaskState incarnation. */
                incarnation: string;

                /** WorkerTaskState state. */
                state: string;

                /** WorkerTaskState errorMessage. */
                errorMessage: string;

                /** WorkerTaskState location. */
                location: string;

                /**
                 * Creates a new WorkerTaskState instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns WorkerTaskState instance
                 */
                static create(properties: grove.task.v1.WorkerTaskState.$Shape): grove.task.v1.WorkerTaskState & grove.task.v1.WorkerTaskState.$Shape;
                static create(properties?: grove.task.v1.WorkerTaskState.$Properties): grove.task.v1.WorkerTaskState;

                /**
                 * Encodes the specified WorkerTaskState message. Does not implicitly {@link grove.task.v1.WorkerTaskState.verify|verify} messages.
                 * @param message WorkerTaskState message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.WorkerTaskState.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a WorkerTaskState message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.WorkerTaskState & grove.task.v1.WorkerTaskState.$Shape} WorkerTaskState
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.WorkerTaskState & grove.task.v1.WorkerTaskState.$Shape;

                /**
                 * Gets the type url for WorkerTaskState
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace WorkerTaskState {

                /** Properties of a WorkerTaskState. */
                interface $Properties {

                    /** WorkerTaskState taskId */
                    taskId?: (string|null);

                    /** WorkerTaskState incarnation */
                    incarnation?: (string|null);

                    /** WorkerTaskState state */
                    state?: (string|null);

                    /** WorkerTaskState errorMessage */
                    errorMessage?: (string|null);

                    /** WorkerTaskState location */
                    location?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a WorkerTaskState. */
                type $Shape = grove.task.v1.WorkerTaskState.$Properties;
            }

            /**
             * Properties of a WorkerReport.
             * @deprecated Use grove.task.v1.WorkerReport.$Properties instead.
             */
            interface IWorkerReport extends grove.task.v1.WorkerReport.$Properties {
            }

            /** Represents a WorkerReport. */
            class WorkerReport {

                /**
                 * Constructs a new WorkerReport.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.WorkerReport.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** WorkerReport node. */
                node: string;

                /** WorkerReport incarnation. */
                incarnation: string;

                /** WorkerReport slots. */
                slots: number;

                /** WorkerReport enabled. */
                enabled: boolean;

                /** WorkerReport tasks. */
                tasks: grove.task.v1.WorkerTaskState.$Properties[];

                /**
                 * Creates a new WorkerReport instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns WorkerReport instance
                 */
                static create(properties: grove.task.v1.WorkerReport.$Shape): grove.task.v1.WorkerReport & grove.task.v1.WorkerReport.$Shape;
                static create(properties?: grove.task.v1.WorkerReport.$Properties): grove.task.v1.WorkerReport;

                /**
                 * Encodes the specified WorkerReport message. Does not implicitly {@link grove.task.v1.WorkerReport.verify|verify} messages.
                 * @param message WorkerReport message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.WorkerReport.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a WorkerReport message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.WorkerReport & grove.task.v1.WorkerReport.$Shape} WorkerReport
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.WorkerReport & grove.task.v1.WorkerReport.$Shape;

                /**
                 * Gets the type url for WorkerReport
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace WorkerReport {

                /** Properties of a WorkerReport. */
                interface $Properties {

                    /** WorkerReport node */
                    node?: (string|null);

                    /** WorkerReport incarnation */
                    incarnation?: (string|null);

                    /** WorkerReport slots */
                    slots?: (number|null);

                    /** WorkerReport enabled */
                    enabled?: (boolean|null);

                    /** WorkerReport tasks */
                    tasks?: (grove.task.v1.WorkerTaskState.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a WorkerReport. */
                type $Shape = grove.task.v1.WorkerReport.$Properties;
            }

            /**
             * Properties of a WorkerReportResult.
             * @deprecated Use grove.task.v1.WorkerReportResult.$Properties instead.
             */
            interface IWorkerReportResult extends grove.task.v1.WorkerReportResult.$Properties {
            }

            /** Represents a WorkerReportResult. */
            class WorkerReportResult {

                /**
                 * Constructs a new WorkerReportResult.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.WorkerReportResult.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** WorkerReportResult acknowledged. */
                acknowledged: string[];

                /** WorkerReportResult stop. */
                stop: string[];

                /**
                 * Creates a new WorkerReportResult instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns WorkerReportResult instance
                 */
                static create(properties: grove.task.v1.WorkerReportResult.$Shape): grove.task.v1.WorkerReportResult & grove.task.v1.WorkerReportResult.$Shape;
                static create(properties?: grove.task.v1.WorkerReportResult.$Properties): grove.task.v1.WorkerReportResult;

                /**
                 * Encodes the specified WorkerReportResult message. Does not implicitly {@link grove.task.v1.WorkerReportResult.verify|verify} messages.
                 * @param message WorkerReportResult message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.WorkerReportResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a WorkerReportResult message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.WorkerReportResult & grove.task.v1.WorkerReportResult.$Shape} WorkerReportResult
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.WorkerReportResult & grove.task.v1.WorkerReportResult.$Shape;

                /**
                 * Gets the type url for WorkerReportResult
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace WorkerReportResult {

                /** Properties of a WorkerReportResult. */
                interface $Properties {

                    /** WorkerReportResult acknowledged */
                    acknowledged?: (string[]|null);

                    /** WorkerReportResult stop */
                    stop?: (string[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a WorkerReportResult. */
                type $Shape = grove.task.v1.WorkerReportResult.$Properties;
            }

            /**
             * Properties of a TaskLogRequest.
             * @deprecated Use grove.task.v1.TaskLogRequest.$Properties instead.
             */
            interface ITaskLogRequest extends grove.task.v1.TaskLogRequest.$Properties {
            }

            /** Represents a TaskLogRequest. */
            class TaskLogRequest {

                /**
                 * Constructs a new TaskLogRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.TaskLogRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** TaskLogRequest taskId. */
                taskId: string;

                /** TaskLogRequest offset. */
                offset: number;

                /**
                 * Creates a new TaskLogRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns TaskLogRequest instance
                 */
                static create(properties: grove.task.v1.TaskLogRequest.$Shape): grove.task.v1.TaskLogRequest & grove.task.v1.TaskLogRequest.$Shape;
                static create(properties?: grove.task.v1.TaskLogRequest.$Properties): grove.task.v1.TaskLogRequest;

                /**
                 * Encodes the specified TaskLogRequest message. Does not implicitly {@link grove.task.v1.TaskLogRequest.verify|verify} messages.
                 * @param message TaskLogRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.TaskLogRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a TaskLogRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.TaskLogRequest & grove.task.v1.TaskLogRequest.$Shape} TaskLogRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.TaskLogRequest & grove.task.v1.TaskLogRequest.$Shape;

                /**
                 * Gets the type url for TaskLogRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace TaskLogRequest {

                /** Properties of a TaskLogRequest. */
                interface $Properties {

                    /** TaskLogRequest taskId */
                    taskId?: (string|null);

                    /** TaskLogRequest offset */
                    offset?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a TaskLogRequest. */
                type $Shape = grove.task.v1.TaskLogRequest.$Properties;
            }

            /**
             * Properties of a TaskLogChunk.
             * @deprecated Use grove.task.v1.TaskLogChunk.$Properties instead.
             */
            interface ITaskLogChunk extends grove.task.v1.TaskLogChunk.$Properties {
            }

            /** Represents a TaskLogChunk. */
            class TaskLogChunk {

                /**
                 * Constructs a new TaskLogChunk.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grove.task.v1.TaskLogChunk.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** TaskLogChunk data. */
                data: Uint8Array;

                /** TaskLogChunk found. */
                found: boolean;

                /**
                 * Creates a new TaskLogChunk instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns TaskLogChunk instance
                 */
                static create(properties: grove.task.v1.TaskLogChunk.$Shape): grove.task.v1.TaskLogChunk & grove.task.v1.TaskLogChunk.$Shape;
                static create(properties?: grove.task.v1.TaskLogChunk.$Properties): grove.task.v1.TaskLogChunk;

                /**
                 * Encodes the specified TaskLogChunk message. Does not implicitly {@link grove.task.v1.TaskLogChunk.verify|verify} messages.
                 * @param message TaskLogChunk message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grove.task.v1.TaskLogChunk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a TaskLogChunk message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grove.task.v1.TaskLogChunk & grove.task.v1.TaskLogChunk.$Shape} TaskLogChunk
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grove.task.v1.TaskLogChunk & grove.task.v1.TaskLogChunk.$Shape;

                /**
                 * Gets the type url for TaskLogChunk
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace TaskLogChunk {

                /** Properties of a TaskLogChunk. */
                interface $Properties {

                    /** TaskLogChunk data */
                    data?: (Uint8Array|null);

                    /** TaskLogChunk found */
                    found?: (boolean|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a TaskLogChunk. */
                type $Shape = grove.task.v1.TaskLogChunk.$Properties;
            }
        }
    }
}

/** Namespace grpc. */
export namespace grpc {

    /** Namespace health. */
    namespace health {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of a HealthCheckRequest.
             * @deprecated Use grpc.health.v1.HealthCheckRequest.$Properties instead.
             */
            interface IHealthCheckRequest extends grpc.health.v1.HealthCheckRequest.$Properties {
            }

            /** Represents a HealthCheckRequest. */
            class HealthCheckRequest {

                /**
                 * Constructs a new HealthCheckRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.health.v1.HealthCheckRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** HealthCheckRequest service. */
                service: string;

                /**
                 * Creates a new HealthCheckRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns HealthCheckRequest instance
                 */
                static create(properties: grpc.health.v1.HealthCheckRequest.$Shape): grpc.health.v1.HealthCheckRequest & grpc.health.v1.HealthCheckRequest.$Shape;
                static create(properties?: grpc.health.v1.HealthCheckRequest.$Properties): grpc.health.v1.HealthCheckRequest;

                /**
                 * Encodes the specified HealthCheckRequest message. Does not implicitly {@link grpc.health.v1.HealthCheckRequest.verify|verify} messages.
                 * @param message HealthCheckRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.health.v1.HealthCheckRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a HealthCheckRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.health.v1.HealthCheckRequest & grpc.health.v1.HealthCheckRequest.$Shape} HealthCheckRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.health.v1.HealthCheckRequest & grpc.health.v1.HealthCheckRequest.$Shape;

                /**
                 * Gets the type url for HealthCheckRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace HealthCheckRequest {

                /** Properties of a HealthCheckRequest. */
                interface $Properties {

                    /** HealthCheckRequest service */
                    service?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a HealthCheckRequest. */
                type $Shape = grpc.health.v1.HealthCheckRequest.$Properties;
            }

            /**
             * Properties of a HealthCheckResponse.
             * @deprecated Use grpc.health.v1.HealthCheckResponse.$Properties instead.
             */
            interface IHealthCheckResponse extends grpc.health.v1.HealthCheckResponse.$Properties {
            }

            /** Represents a HealthCheckResponse. */
            class HealthCheckResponse {

                /**
                 * Constructs a new HealthCheckResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.health.v1.HealthCheckResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** HealthCheckResponse status. */
                status: grpc.health.v1.HealthCheckResponse.ServingStatus;

                /**
                 * Creates a new HealthCheckResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns HealthCheckResponse instance
                 */
                static create(properties: grpc.health.v1.HealthCheckResponse.$Shape): grpc.health.v1.HealthCheckResponse & grpc.health.v1.HealthCheckResponse.$Shape;
                static create(properties?: grpc.health.v1.HealthCheckResponse.$Properties): grpc.health.v1.HealthCheckResponse;

                /**
                 * Encodes the specified HealthCheckResponse message. Does not implicitly {@link grpc.health.v1.HealthCheckResponse.verify|verify} messages.
                 * @param message HealthCheckResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.health.v1.HealthCheckResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a HealthCheckResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.health.v1.HealthCheckResponse & grpc.health.v1.HealthCheckResponse.$Shape} HealthCheckResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.health.v1.HealthCheckResponse & grpc.health.v1.HealthCheckResponse.$Shape;

                /**
                 * Gets the type url for HealthCheckResponse
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace HealthCheckResponse {

                /** Properties of a HealthCheckResponse. */
                interface $Properties {

                    /** HealthCheckResponse status */
                    status?: (grpc.health.v1.HealthCheckResponse.ServingStatus|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a HealthCheckResponse. */
                type $Shape = grpc.health.v1.HealthCheckResponse.$Properties;

                /** ServingStatus enum. */
                enum ServingStatus {

                    /** UNKNOWN value */
                    UNKNOWN = 0,

                    /** SERVING value */
                    SERVING = 1,

                    /** NOT_SERVING value */
                    NOT_SERVING = 2,

                    /** SERVICE_UNKNOWN value */
                    SERVICE_UNKNOWN = 3
                }
            }
        }
    }

    /** Namespace reflection. */
    namespace reflection {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of a ServerReflectionRequest.
             * @deprecated Use grpc.reflection.v1.ServerReflectionRequest.$Properties instead.
             */
            interface IServerReflectionRequest extends grpc.reflection.v1.ServerReflectionRequest.$Properties {
            }

            /** Represents a ServerReflectionRequest. */
            class ServerReflectionRequest {

                /**
                 * Constructs a new ServerReflectionRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.reflection.v1.ServerReflectionRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ServerReflectionRequest host. */
                host: string;

                /** ServerReflectionRequest fileByFilename. */
                fileByFilename?: (string|null);

                /** ServerReflectionRequest fileContainingSymbol. */
                fileContainingSymbol?: (string|null);

                /** ServerReflectionRequest fileContainingExtension. */
                fileContainingExtension?: (grpc.reflection.v1.ExtensionRequest.$Properties|null);

                /** ServerReflectionRequest allExtensionNumbersOfType. */
                allExtensionNumbersOfType?: (string|null);

                /** ServerReflectionRequest listServices. */
                listServices?: (string|null);

                /** ServerReflectionRequest messageRequest. */
                messageRequest?: ("fileByFilename"|"fileContainingSymbol"|"fileContainingExtension"|"allExtensionNumbersOfType"|"listServices");

                /**
                 * Creates a new ServerReflectionRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ServerReflectionRequest instance
                 */
                static create(properties: grpc.reflection.v1.ServerReflectionRequest.$Shape): grpc.reflection.v1.ServerReflectionRequest & grpc.reflection.v1.ServerReflectionRequest.$Shape;
                static create(properties?: grpc.reflection.v1.ServerReflectionRequest.$Properties): grpc.reflection.v1.ServerReflectionRequest;

                /**
                 * Encodes the specified ServerReflectionRequest message. Does not implicitly {@link grpc.reflection.v1.ServerReflectionRequest.verify|verify} messages.
                 * @param message ServerReflectionRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.reflection.v1.ServerReflectionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ServerReflectionRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.reflection.v1.ServerReflectionRequest & grpc.reflection.v1.ServerReflectionRequest.$Shape} ServerReflectionRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ServerReflectionRequest & grpc.reflection.v1.ServerReflectionRequest.$Shape;

                /**
                 * Gets the type url for ServerReflectionRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ServerReflectionRequest {

                /** Properties of a ServerReflectionRequest. */
                interface $Properties {

                    /** ServerReflectionRequest host */
                    host?: (string|null);

                    /** ServerReflectionRequest fileByFilename */
                    fileByFilename?: (string|null);

                    /** ServerReflectionRequest fileContainingSymbol */
                    fileContainingSymbol?: (string|null);

                    /** ServerReflectionRequest fileContainingExtension */
                    fileContainingExtension?: (grpc.reflection.v1.ExtensionRequest.$Properties|null);

                    /** ServerReflectionRequest allExtensionNumbersOfType */
                    allExtensionNumbersOfType?: (string|null);

                    /** ServerReflectionRequest listServices */
                    listServices?: (string|null);

                    /** ServerReflectionRequest messageRequest */
                    messageRequest?: ("fileByFilename"|"fileContainingSymbol"|"fileContainingExtension"|"allExtensionNumbersOfType"|"listServices");

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Narrowed shape of a ServerReflectionRequest. */
                type $Shape = {
                  host?: string|null;
                  fileByFilename?: string|null;
                  fileContainingSymbol?: string|null;
                  fileContainingExtension?: grpc.reflection.v1.ExtensionRequest.$Shape|null;
                  allExtensionNumbersOfType?: string|null;
                  listServices?: string|null;
                  $unknowns?: Uint8Array[];
                } & (
                  ({ messageRequest?: undefined; fileByFilename?: null; fileContainingSymbol?: null; fileContainingExtension?: null; allExtensionNumbersOfType?: null; listServices?: null }|{ messageRequest?: "fileByFilename"; fileByFilename: string; fileContainingSymbol?: null; fileContainingExtension?: null; allExtensionNumbersOfType?: null; listServices?: null }|{ messageRequest?: "fileContainingSymbol"; fileByFilename?: null; fileContainingSymbol: string; fileContainingExtension?: null; allExtensionNumbersOfType?: null; listServices?: null }|{ messageRequest?: "fileContainingExtension"; fileByFilename?: null; fileContainingSymbol?: null; fileContainingExtension: grpc.reflection.v1.ExtensionRequest.$Shape; allExtensionNumbersOfType?: null; listServices?: null }|{ messageRequest?: "allExtensionNumbersOfType"; fileByFilename?: null; fileContainingSymbol?: null; fileContainingExtension?: null; allExtensionNumbersOfType: string; listServices?: null }|{ messageRequest?: "listServices"; fileByFilename?: null; fileContainingSymbol?: null; fileContainingExtension?: null; allExtensionNumbersOfType?: null; listServices: string })
                );
            }

            /**
             * Properties of an ExtensionRequest.
             * @deprecated Use grpc.reflection.v1.ExtensionRequest.$Properties instead.
             */
            interface IExtensionRequest extends grpc.reflection.v1.ExtensionRequest.$Properties {
            }

            /** Represents an ExtensionRequest. */
            class ExtensionRequest {

                /**
                 * Constructs a new ExtensionRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.reflection.v1.ExtensionRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ExtensionRequest containingType. */
                containingType: string;

                /** ExtensionRequest extensionNumber. */
                extensionNumber: number;

                /**
                 * Creates a new ExtensionRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ExtensionRequest instance
                 */
                static create(properties: grpc.reflection.v1.ExtensionRequest.$Shape): grpc.reflection.v1.ExtensionRequest & grpc.reflection.v1.ExtensionRequest.$Shape;
                static create(properties?: grpc.reflection.v1.ExtensionRequest.$Properties): grpc.reflection.v1.ExtensionRequest;

                /**
                 * Encodes the specified ExtensionRequest message. Does not implicitly {@link grpc.reflection.v1.ExtensionRequest.verify|verify} messages.
                 * @param message ExtensionRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.reflection.v1.ExtensionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an ExtensionRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.reflection.v1.ExtensionRequest & grpc.reflection.v1.ExtensionRequest.$Shape} ExtensionRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ExtensionRequest & grpc.reflection.v1.ExtensionRequest.$Shape;

                /**
                 * Gets the type url for ExtensionRequest
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ExtensionRequest {

                /** Properties of an ExtensionRequest. */
                interface $Properties {

                    /** ExtensionRequest containingType */
                    containingType?: (string|null);

                    /** ExtensionRequest extensionNumber */
                    extensionNumber?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an ExtensionRequest. */
                type $Shape = grpc.reflection.v1.ExtensionRequest.$Properties;
            }

            /**
             * Properties of a ServerReflectionResponse.
             * @deprecated Use grpc.reflection.v1.ServerReflectionResponse.$Properties instead.
             */
            interface IServerReflectionResponse extends grpc.reflection.v1.ServerReflectionResponse.$Properties {
            }

            /** Represents a ServerReflectionResponse. */
            class ServerReflectionResponse {

                /**
                 * Constructs a new ServerReflectionResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.reflection.v1.ServerReflectionResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ServerReflectionResponse validHost. */
                validHost: string;

                /** ServerReflectionResponse originalRequest. */
                originalRequest?: (grpc.reflection.v1.ServerReflectionRequest.$Properties|null);

                /** ServerReflectionResponse fileDescriptorResponse. */
                fileDescriptorResponse?: (grpc.reflection.v1.FileDescriptorResponse.$Properties|null);

                /** ServerReflectionResponse allExtensionNumbersResponse. */
                allExtensionNumbersResponse?: (grpc.reflection.v1.ExtensionNumberResponse.$Properties|null);

                /** ServerReflectionResponse listServicesResponse. */
                listServicesResponse?: (grpc.reflection.v1.ListServiceResponse.$Properties|null);

                /** ServerReflectionResponse errorResponse. */
                errorResponse?: (grpc.reflection.v1.ErrorResponse.$Properties|null);

                /** ServerReflectionResponse messageResponse. */
                messageResponse?: ("fileDescriptorResponse"|"allExtensionNumbersResponse"|"listServicesResponse"|"errorResponse");

                /**
                 * Creates a new ServerReflectionResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ServerReflectionResponse instance
                 */
                static create(properties: grpc.reflection.v1.ServerReflectionResponse.$Shape): grpc.reflection.v1.ServerReflectionResponse & grpc.reflection.v1.ServerReflectionResponse.$Shape;
                static create(properties?: grpc.reflection.v1.ServerReflectionResponse.$Properties): grpc.reflection.v1.ServerReflectionResponse;

                /**
                 * Encodes the specified ServerReflectionResponse message. Does not implicitly {@link grpc.reflection.v1.ServerReflectionResponse.verify|verify} messages.
                 * @param message ServerReflectionResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.reflection.v1.ServerReflectionResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ServerReflectionResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.reflection.v1.ServerReflectionResponse & grpc.reflection.v1.ServerReflectionResponse.$Shape} ServerReflectionResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ServerReflectionResponse & grpc.reflection.v1.ServerReflectionResponse.$Shape;

                /**
                 * Gets the type url for ServerReflectionResponse
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ServerReflectionResponse {

                /** Properties of a ServerReflectionResponse. */
                interface $Properties {

                    /** ServerReflectionResponse validHost */
                    validHost?: (string|null);

                    /** ServerReflectionResponse originalRequest */
                    originalRequest?: (grpc.reflection.v1.ServerReflectionRequest.$Properties|null);

                    /** ServerReflectionResponse fileDescriptorResponse */
                    fileDescriptorResponse?: (grpc.reflection.v1.FileDescriptorResponse.$Properties|null);

                    /** ServerReflectionResponse allExtensionNumbersResponse */
                    allExtensionNumbersResponse?: (grpc.reflection.v1.ExtensionNumberResponse.$Properties|null);

                    /** ServerReflectionResponse listServicesResponse */
                    listServicesResponse?: (grpc.reflection.v1.ListServiceResponse.$Properties|null);

                    /** ServerReflectionResponse errorResponse */
                    errorResponse?: (grpc.reflection.v1.ErrorResponse.$Properties|null);

                    /** ServerReflectionResponse messageResponse */
                    messageResponse?: ("fileDescriptorResponse"|"allExtensionNumbersResponse"|"listServicesResponse"|"errorResponse");

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Narrowed shape of a ServerReflectionResponse. */
                type $Shape = {
                  validHost?: string|null;
                  originalRequest?: grpc.reflection.v1.ServerReflectionRequest.$Shape|null;
                  fileDescriptorResponse?: grpc.reflection.v1.FileDescriptorResponse.$Shape|null;
                  allExtensionNumbersResponse?: grpc.reflection.v1.ExtensionNumberResponse.$Shape|null;
                  listServicesResponse?: grpc.reflection.v1.ListServiceResponse.$Shape|null;
                  errorResponse?: grpc.reflection.v1.ErrorResponse.$Shape|null;
                  $unknowns?: Uint8Array[];
                } & (
                  ({ messageResponse?: undefined; fileDescriptorResponse?: null; allExtensionNumbersResponse?: null; listServicesResponse?: null; errorResponse?: null }|{ messageResponse?: "fileDescriptorResponse"; fileDescriptorResponse: grpc.reflection.v1.FileDescriptorResponse.$Shape; allExtensionNumbersResponse?: null; listServicesResponse?: null; errorResponse?: null }|{ messageResponse?: "allExtensionNumbersResponse"; fileDescriptorResponse?: null; allExtensionNumbersResponse: grpc.reflection.v1.ExtensionNumberResponse.$Shape; listServicesResponse?: null; errorResponse?: null }|{ messageResponse?: "listServicesResponse"; fileDescriptorResponse?: null; allExtensionNumbersResponse?: null; listServicesResponse: grpc.reflection.v1.ListServiceResponse.$Shape; errorResponse?: null }|{ messageResponse?: "errorResponse"; fileDescriptorResponse?: null; allExtensionNumbersResponse?: null; listServicesResponse?: null; errorResponse: grpc.reflection.v1.ErrorResponse.$Shape })
                );
            }

            /**
             * Properties of a FileDescriptorResponse.
             * @deprecated Use grpc.reflection.v1.FileDescriptorResponse.$Properties instead.
             */
            interface IFileDescriptorResponse extends grpc.reflection.v1.FileDescriptorResponse.$Properties {
            }

            /** Represents a FileDescriptorResponse. */
            class FileDescriptorResponse {

                /**
                 * Constructs a new FileDescriptorResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.reflection.v1.FileDescriptorResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** FileDescriptorResponse fileDescriptorProto. */
                fileDescriptorProto: Uint8Array[];

                /**
                 * Creates a new FileDescriptorResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns FileDescriptorResponse instance
                 */
                static create(properties: grpc.reflection.v1.FileDescriptorResponse.$Shape): grpc.reflection.v1.FileDescriptorResponse & grpc.reflection.v1.FileDescriptorResponse.$Shape;
                static create(properties?: grpc.reflection.v1.FileDescriptorResponse.$Properties): grpc.reflection.v1.FileDescriptorResponse;

                /**
                 * Encodes the specified FileDescriptorResponse message. Does not implicitly {@link grpc.reflection.v1.FileDescriptorResponse.verify|verify} messages.
                 * @param message FileDescriptorResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.reflection.v1.FileDescriptorResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a FileDescriptorResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.reflection.v1.FileDescriptorResponse & grpc.reflection.v1.FileDescriptorResponse.$Shape} FileDescriptorResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.FileDescriptorResponse & grpc.reflection.v1.FileDescriptorResponse.$Shape;

                /**
                 * Gets the type url for FileDescriptorResponse
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace FileDescriptorResponse {

                /** Properties of a FileDescriptorResponse. */
                interface $Properties {

                    /** FileDescriptorResponse fileDescriptorProto */
                    fileDescriptorProto?: (Uint8Array[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a FileDescriptorResponse. */
                type $Shape = grpc.reflection.v1.FileDescriptorResponse.$Properties;
            }

            /**
             * Properties of an ExtensionNumberResponse.
             * @deprecated Use grpc.reflection.v1.ExtensionNumberResponse.$Properties instead.
             */
            interface IExtensionNumberResponse extends grpc.reflection.v1.ExtensionNumberResponse.$Properties {
            }

            /** Represents an ExtensionNumberResponse. */
            class ExtensionNumberResponse {

                /**
                 * Constructs a new ExtensionNumberResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.reflection.v1.ExtensionNumberResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ExtensionNumberResponse baseTypeName. */
                baseTypeName: string;

                /** ExtensionNumberResponse extensionNumber. */
                extensionNumber: number[];

                /**
                 * Creates a new ExtensionNumberResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ExtensionNumberResponse instance
                 */
                static create(properties: grpc.reflection.v1.ExtensionNumberResponse.$Shape): grpc.reflection.v1.ExtensionNumberResponse & grpc.reflection.v1.ExtensionNumberResponse.$Shape;
                static create(properties?: grpc.reflection.v1.ExtensionNumberResponse.$Properties): grpc.reflection.v1.ExtensionNumberResponse;

                /**
                 * Encodes the specified ExtensionNumberResponse message. Does not implicitly {@link grpc.reflection.v1.ExtensionNumberResponse.verify|verify} messages.
                 * @param message ExtensionNumberResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.reflection.v1.ExtensionNumberResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an ExtensionNumberResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.reflection.v1.ExtensionNumberResponse & grpc.reflection.v1.ExtensionNumberResponse.$Shape} ExtensionNumberResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ExtensionNumberResponse & grpc.reflection.v1.ExtensionNumberResponse.$Shape;

                /**
                 * Gets the type url for ExtensionNumberResponse
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ExtensionNumberResponse {

                /** Properties of an ExtensionNumberResponse. */
                interface $Properties {

                    /** ExtensionNumberResponse baseTypeName */
                    baseTypeName?: (string|null);

                    /** ExtensionNumberResponse extensionNumber */
                    extensionNumber?: (number[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an ExtensionNumberResponse. */
                type $Shape = grpc.reflection.v1.ExtensionNumberResponse.$Properties;
            }

            /**
             * Properties of a ListServiceResponse.
             * @deprecated Use grpc.reflection.v1.ListServiceResponse.$Properties instead.
             */
            interface IListServiceResponse extends grpc.reflection.v1.ListServiceResponse.$Properties {
            }

            /** Represents a ListServiceResponse. */
            class ListServiceResponse {

                /**
                 * Constructs a new ListServiceResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.reflection.v1.ListServiceResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ListServiceResponse service. */
                service: grpc.reflection.v1.ServiceResponse.$Properties[];

                /**
                 * Creates a new ListServiceResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ListServiceResponse instance
                 */
                static create(properties: grpc.reflection.v1.ListServiceResponse.$Shape): grpc.reflection.v1.ListServiceResponse & grpc.reflection.v1.ListServiceResponse.$Shape;
                static create(properties?: grpc.reflection.v1.ListServiceResponse.$Properties): grpc.reflection.v1.ListServiceResponse;

                /**
                 * Encodes the specified ListServiceResponse message. Does not implicitly {@link grpc.reflection.v1.ListServiceResponse.verify|verify} messages.
                 * @param message ListServiceResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.reflection.v1.ListServiceResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ListServiceResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.reflection.v1.ListServiceResponse & grpc.reflection.v1.ListServiceResponse.$Shape} ListServiceResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ListServiceResponse & grpc.reflection.v1.ListServiceResponse.$Shape;

                /**
                 * Gets the type url for ListServiceResponse
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ListServiceResponse {

                /** Properties of a ListServiceResponse. */
                interface $Properties {

                    /** ListServiceResponse service */
                    service?: (grpc.reflection.v1.ServiceResponse.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ListServiceResponse. */
                type $Shape = grpc.reflection.v1.ListServiceResponse.$Properties;
            }

            /**
             * Properties of a ServiceResponse.
             * @deprecated Use grpc.reflection.v1.ServiceResponse.$Properties instead.
             */
            interface IServiceResponse extends grpc.reflection.v1.ServiceResponse.$Properties {
            }

            /** Represents a ServiceResponse. */
            class ServiceResponse {

                /**
                 * Constructs a new ServiceResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.reflection.v1.ServiceResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ServiceResponse name. */
                name: string;

                /**
                 * Creates a new ServiceResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ServiceResponse instance
                 */
                static create(properties: grpc.reflection.v1.ServiceResponse.$Shape): grpc.reflection.v1.ServiceResponse & grpc.reflection.v1.ServiceResponse.$Shape;
                static create(properties?: grpc.reflection.v1.ServiceResponse.$Properties): grpc.reflection.v1.ServiceResponse;

                /**
                 * Encodes the specified ServiceResponse message. Does not implicitly {@link grpc.reflection.v1.ServiceResponse.verify|verify} messages.
                 * @param message ServiceResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.reflection.v1.ServiceResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ServiceResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.reflection.v1.ServiceResponse & grpc.reflection.v1.ServiceResponse.$Shape} ServiceResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ServiceResponse & grpc.reflection.v1.ServiceResponse.$Shape;

                /**
                 * Gets the type url for ServiceResponse
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ServiceResponse {

                /** Properties of a ServiceResponse. */
                interface $Properties {

                    /** ServiceResponse name */
                    name?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ServiceResponse. */
                type $Shape = grpc.reflection.v1.ServiceResponse.$Properties;
            }

            /**
             * Properties of an ErrorResponse.
             * @deprecated Use grpc.reflection.v1.ErrorResponse.$Properties instead.
             */
            interface IErrorResponse extends grpc.reflection.v1.ErrorResponse.$Properties {
            }

            /** Represents an ErrorResponse. */
            class ErrorResponse {

                /**
                 * Constructs a new ErrorResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: grpc.reflection.v1.ErrorResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ErrorResponse errorCode. */
                errorCode: number;

                /** ErrorResponse errorMessage. */
                errorMessage: string;

                /**
                 * Creates a new ErrorResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ErrorResponse instance
                 */
                static create(properties: grpc.reflection.v1.ErrorResponse.$Shape): grpc.reflection.v1.ErrorResponse & grpc.reflection.v1.ErrorResponse.$Shape;
                static create(properties?: grpc.reflection.v1.ErrorResponse.$Properties): grpc.reflection.v1.ErrorResponse;

                /**
                 * Encodes the specified ErrorResponse message. Does not implicitly {@link grpc.reflection.v1.ErrorResponse.verify|verify} messages.
                 * @param message ErrorResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: grpc.reflection.v1.ErrorResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an ErrorResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {grpc.reflection.v1.ErrorResponse & grpc.reflection.v1.ErrorResponse.$Shape} ErrorResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ErrorResponse & grpc.reflection.v1.ErrorResponse.$Shape;

                /**
                 * Gets the type url for ErrorResponse
                 * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
                 * @returns The type url
                 */
                static getTypeUrl(prefix?: string): string;
            }

            namespace ErrorResponse {

                /** Properties of an ErrorResponse. */
                interface $Properties {

                    /** ErrorResponse errorCode */
                    errorCode?: (number|null);

                    /** ErrorResponse errorMessage */
                    errorMessage?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an ErrorResponse. */
                type $Shape = grpc.reflection.v1.ErrorResponse.$Properties;
            }
        }
    }
}
