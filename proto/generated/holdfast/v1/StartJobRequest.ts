// Original file: proto/holdfast/v1/administration.proto


export interface StartJobRequest {
  /**
   * The plan as the operator wrote it (YAML). Its file paths are the coordinator's own.
   */
  'planYaml'?: (string);
  /**
   * Where relative paths of the plan start, on the coordinator's machine.
   */
  'baseFolder'?: (string);
}

export interface StartJobRequest__Output {
  /**
   * The plan as the operator wrote it (YAML). Its file paths are the coordinator's own.
   */
  'planYaml': (string);
  /**
   * Where relative paths of the plan start, on the coordinator's machine.
   */
  'baseFolder': (string);
}
