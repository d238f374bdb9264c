//! A runbook and its parameters become a plan; lints, emitters and the run as a state machine.
