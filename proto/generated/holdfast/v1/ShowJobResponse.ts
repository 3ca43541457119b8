// Original file: proto/holdfast/v1/administration.proto


export interface ShowJobResponse {
  /**
   * Canonical JSON.
   */
  'reportJson'?: (string);
}

export interface ShowJobResponse__Output {
  /**
   * Canonical JSON.
   */
  'reportJson': (string);
}
