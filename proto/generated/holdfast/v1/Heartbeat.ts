// Original file: proto/holdfast/v1/participation.proto


export interface Heartbeat {
}

export interface Heartbeat__Output {
}
