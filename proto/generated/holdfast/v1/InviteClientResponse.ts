// Original file: proto/holdfast/v1/administration.proto


/**
 * The enrolment bundle: everything a site needs, as JSON.
 */
export interface InviteClientResponse {
  'bundleJson'?: (string);
}

/**
 * The enrolment bundle: everything a site needs, as JSON.
 */
export interface InviteClientResponse__Output {
  'bundleJson': (string);
}
