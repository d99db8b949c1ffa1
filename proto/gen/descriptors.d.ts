export declare const descriptorSet: string;
