import fc from "fast-check";

// what CI says of a commit has to be the same the next time; everywhere else properties look for new counterexamples
if (process.env["CI"] === "true") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_123 });
