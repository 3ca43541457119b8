// Original file: proto/holdfast/v1/enrollment.proto


export interface EnrollRequest {
  /**
   * The one-use token of the enrolment bundle.
   */
  'token'?: (string);
  'clientName'?: (string);
  'publicKey'?: (Buffer | Uint8Array | string);
  /**
   * Signature by the new key over PAE("application/vnd.holdfast.enrollment.v1", federation id, token digest, name, key).
   */
  'proof'?: (Buffer | Uint8Array | string);
}

export interface EnrollRequest__Output {
  /**
   * The one-use token of the enrolment bundle.
   */
  'token': (string);
  'clientName': (string);
  'publicKey': (Buffer);
  /**
   * Signature by the new key over PAE("application/vnd.holdfast.enrollment.v1", federation id, token digest, name, key).
   */
  'proof': (Buffer);
}
