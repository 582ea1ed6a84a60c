import fc from "fast-check";

/**
 * Properties are tried with the same values in every run, so that a gate says the same twice; `PLUMB_SEED=random`, or a
 * number that a failure named, tries others.
 */
const wanted = process.env["PLUMB_SEED"];
if (wanted !== "random") fc.configureGlobal({ seed: Number(wanted ?? 24) });
