//! The words that the runbook room and the plan share: one value each, since the plan's serialised
//! types are its own.

use super::model;
use crate::runbook;

macro_rules! same {
    ($($(#[$doc:meta])* $name:ident: $from:ident => $to:ident { $($variant:ident)* };)*) => {
        $($(#[$doc])*
        pub(super) fn $name(word: runbook::$from) -> model::$to {
            match word { $(runbook::$from::$variant => model::$to::$variant,)* }
        })*
    };
}

same! {
    kind: Kind => RunbookKind { Release Hotfix Rollback Incident Maintenance Procedure };
    mode: Mode => Mode { ReadDo DoConfirm };
    param_type: ParamType => ParamType { String Integer Boolean Choice Duration List };
    role: Role => Role { Check Change Verify Monitor Rollback Notify };
    impact: Impact => Impact { Read Write Destroy };
    capture: CaptureType => CaptureType { Text Choice Url };
    on: On => On { Success Done Failure };
    evidence: Evidence => Evidence { None Note Url File Output };
    forbid: Forbid => Forbid { Runner Author PreviousApprover };
    day: Day => Day { Mon Tue Wed Thu Fri Sat Sun };
    notice: Notice => Notice { Waiting Failed Approved Ended };
    shell: Shell => Shell { Bash Sh Python3 };
    rollback_policy: RollbackPolicy => RollbackPolicy { Reverse None };
    rollback_scope: RollbackScope => RollbackScope { Env All };
}
