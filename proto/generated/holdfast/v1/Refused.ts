// Original file: proto/holdfast/v1/common.proto


/**
 * A code of the error catalogue (docs/errors.md) and its public text.
 */
export interface Refused {
  'code'?: (string);
  'told'?: (string);
}

/**
 * A code of the error catalogue (docs/errors.md) and its public text.
 */
export interface Refused__Output {
  'code': (string);
  'told': (string);
}
