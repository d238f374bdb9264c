//! The closed registry of codes.
//!
//! An id is never used again for another rule. `OB1xx` configuration, `OB2xx` Markdown, `OB3xx`
//! site, `OB4xx` build, theme and plugins; `RBxxx` as the runbook format numbers them. Each code
//! has a paragraph in the manual under its id; a test checks that.

use super::Severity;
use super::Severity::{Error, Info, Warning};

macro_rules! codes {
    ($($(#[$section:meta])* $name:ident $id:literal $severity:ident $summary:literal;)*) => {
        /// Names a rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $summary] $name,)*
        }

        impl Code {
            /// Every code, in the order of the registry.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// Returns the stable id, such as `OB101`.
            pub fn id(self) -> &'static str {
                match self { $(Code::$name => $id),* }
            }

            /// Returns the severity where no configuration changes it.
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => $severity),* }
            }

            /// Returns what the rule is about, in one line.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$name => $summary),* }
            }
        }
    };
}

codes! {
    // ── OB1xx: configuration ────────────────────────────────────────────────
    ConfigSyntax "OB101" Error "the configuration or front matter is not valid YAML or TOML";
    ConfigUnknownKey "OB102" Warning "a key that opsbook does not know";
    ConfigBadValue "OB103" Error "a value of the wrong kind or outside its range";
    ConfigDuplicateKey "OB104" Warning "a key given twice in one mapping";
    ConfigMissing "OB105" Error "a required setting that is not there";
    ConfigInherit "OB106" Error "an inherited configuration that cannot be used";
    ConfigPythonName "OB107" Warning "a Python object that opsbook has no counterpart for";
    ConfigHook "OB108" Warning "a Python hook, which opsbook does not run";
    ConfigPlugin "OB109" Warning "a plugin that opsbook does not have";
    ConfigEnv "OB110" Error "an environment variable that the configuration may not read";
    ConfigPath "OB111" Error "a folder or file of the configuration that cannot be used";
    ConfigDeprecated "OB112" Warning "a setting that MkDocs no longer supports";
    ConfigNoEffect "OB113" Warning "a setting that has no effect";
    ConfigUnreadable "OB114" Error "a configuration file that cannot be read";
    ConfigTheme "OB115" Info "a theme that opsbook does not have";
    AssetMissing "OB116" Warning "a file that the configuration names and the site does not have";
    ConfigKeeper "OB117" Error "a missing plugin that keeps pages from readers";

    // ── OB2xx: Markdown ─────────────────────────────────────────────────────
    NestingTooDeep "OB201" Warning "nesting deeper than opsbook follows";
    IncludeNotFound "OB202" Warning "an included file or section that does not exist";
    UnknownExtension "OB203" Warning "a Markdown extension that opsbook does not know";
    SwallowedLine "OB204" Warning "a line of text that MkDocs reads as metadata";
    ListFlattened "OB205" Warning "a nested list that MkDocs shows flat";
    ListInParagraph "OB206" Warning "a list that MkDocs reads as part of the paragraph above";
    ListEnded "OB207" Warning "text meant for a list item that ends the list";
    DuplicateId "OB208" Warning "an id given twice on one page";
    ReferenceUndefined "OB209" Warning "a reference that is not defined";
    FootnoteUndefined "OB210" Warning "a footnote that is not defined";
    FootnoteUnused "OB211" Info "a footnote that nothing refers to";
    LinkEmpty "OB212" Warning "a link without text";
    HeadingSkipped "OB213" Info "a heading that skips a level";
    TableUneven "OB214" Warning "a table row that does not fit the table's columns";
    UnknownShortcode "OB220" Warning "an icon or emoji that opsbook does not know";

    FenceHeader "OB240" Warning "a fence whose first line MkDocs does not read, so that it is not a code block";
    FenceUnclosed "OB241" Warning "a fence that is never closed";
    UnknownFenceFunction "OB242" Warning "a Python function of a code extension that opsbook does not have";
    InlineColours "OB243" Warning "highlighting with inline styles instead of classes";
    SnippetDownload "OB244" Warning "a snippet that would have to be downloaded";
    SnippetCycle "OB245" Warning "a file that includes itself";
    IncludeTooLarge "OB247" Error "included text that exceeds what a page may hold";
    CodeLanguageUnknown "OB248" Info "a code block in an unknown language";
    SnippetEscapes "OB246" Warning "an included path that leads out of its base path";

    // ── OB3xx: site ─────────────────────────────────────────────────────────
    LinkNotFound "OB301" Warning "a link whose target is not among the documentation files";
    LinkAbsolute "OB302" Info "a link that begins with `/` and is left as it is";
    LinkUnrecognized "OB303" Info "a relative link that names no file and is left as it is";
    AnchorNotFound "OB304" Info "a link to an anchor that its page does not have";
    LinkToExcluded "OB305" Info "a link to a file that is left out of the site";
    NavNotFound "OB306" Warning "a navigation entry that is not among the documentation files";
    NavOmitted "OB307" Info "a page that the navigation does not name";
    NavExcluded "OB308" Info "a navigation entry whose page is left out of the site";
    NavAbsolute "OB309" Info "a navigation entry that begins with `/` and is left as it is";
    PageConflict "OB310" Warning "an `index` and a `README` in one folder";
    PageSameUrl "OB311" Warning "two files with the same output path";
    PageCaseCollision "OB312" Info "two files whose output paths differ only in case";
    RawLinkNotRewritten "OB313" Info "a link in raw HTML that names a source file";
    RawLinkBroken "OB314" Warning "a link in raw HTML that leads nowhere";
    NavDuplicate "OB315" Info "a page that the navigation names twice";
    ImageUnused "OB316" Info "an image that no page shows";

    // ── OB4xx: build, theme, plugins ────────────────────────────────────────
    PageNotUtf8 "OB401" Error "a page that is not valid UTF-8";
    LinkLeavesProject "OB402" Warning "a file outside the project";
    FileUnreadable "OB403" Error "a file that cannot be read";
    LinkLeavesFolder "OB404" Info "a symbolic link that leaves the documentation folder but stays in the project";
    BrokenSymlink "OB405" Warning "a broken or circular symbolic link";
    FileNameNotUtf8 "OB406" Warning "a file whose name no address can hold";
    NotAFile "OB407" Warning "something in the documentation folder that is neither file nor folder";
    OutputOutside "OB408" Error "an output path outside the output folder";
    TemplateSkipped "OB409" Warning "a configured template that does not exist";
    PluginUnknownOption "OB440" Warning "an option that a plugin does not have";
    PluginBadOption "OB441" Warning "an invalid value of a plugin option";
    RedirectNotFound "OB442" Warning "a redirect to a page that does not exist";
    RedirectHidesPage "OB443" Warning "a redirect from a page that is still there";
    PagesFile "OB444" Warning "a mistake in a file that orders a folder's pages";
    TagsInvalid "OB446" Warning "an invalid tag or listing of tags";
    MacroFailed "OB449" Warning "a template tag in a page that cannot be evaluated";
    MacroUndefined "OB447" Info "a name in a template tag that is not defined";
    MacroPython "OB448" Warning "a Python module of macros, which opsbook does not run";
    PluginOptionIdle "OB450" Warning "a plugin option that has no effect in opsbook";
    PageNotCommitted "OB451" Warning "a dated page that Git does not know";
    TableUnreadable "OB452" Error "a table of a file that cannot be shown";
    PagesEntryNotFound "OB445" Warning "an entry in such a file that matches nothing";
    TemplateSyntax "OB420" Warning "a template of the project that cannot be read";
    TemplateRender "OB421" Error "a template that asks for what is not there";
    TemplateUnknown "OB422" Warning "a page that asks for a template that does not exist";
    IconUnknown "OB423" Warning "a setting that names an icon that does not exist";
    ThemeFeature "OB424" Warning "a feature of the theme that has no effect";
    ThemeLanguage "OB425" Warning "a language that the theme has no translation for";

    // ── RB: runbooks, plans, lints ──────────────────────────────────────────
    RunbookYaml "RB001" Error "invalid YAML in front matter or in a block header";
    RunbookSchema "RB002" Error "a runbook setting or checklist item of the wrong shape";
    RunbookUnknownBlockKey "RB003" Error "a key of a block that does not exist";
    FenceAttributes "RB004" Warning "a fence that plain MkDocs does not read";
    RunbookDuplicateId "RB005" Error "an id that is used twice";
    RunbookDangling "RB006" Error "a reference in a runbook that leads nowhere";
    RunbookCycle "RB007" Error "items that wait for each other";
    OrphanStep "RB008" Warning "a step that no checklist uses";
    RunbookUnbound "RB009" Error "an unbound value, or a page that uses itself";
    BashSyntax "RB010" Error "a script that Bash does not parse";
    Placeholder "RB011" Error "a placeholder in an executable block";
    UnknownVariable "RB012" Error "a variable that nothing sets";
    Prompt "RB013" Error "a shell prompt in an executable block";
    RunbookNoInterpreter "RB014" Error "an executable block in a language without an interpreter";
    ParameterValue "RB015" Error "a parameter without a value, or with an invalid one";
    EnvironmentOrder "RB016" Error "a step that waits for one in an environment that comes later";
    ShellCheck "RB017" Warning "what ShellCheck finds in a script";
    OutputMismatch "RB018" Warning "an output that is declared and not written, or written and not declared";
    HiddenFailure "RB019" Warning "an output from a command whose failure nobody sees";
    OnlyPrepares "RB020" Warning "a script whose effect ends with its step";
    UnreachableWrite "RB101" Error "a change that is not on the checklist";
    CheckBypassed "RB102" Error "a change that may start before its checks";
    NoCheck "RB103" Error "a first change with no check before it";
    NoRollback "RB104" Error "a change without a rollback";
    VanishingCheck "RB105" Error "a check that `when` can leave out";
    LongGroup "RB106" Warning "a group of more items than people can keep in mind";
    Timeout "RB107" Error "a step without a time limit, or with one shorter than its command's";
    LooseBox "RB108" Warning "a checkbox in the prose that is not on the checklist";
    NotInStagingFirst "RB201" Error "a change that was not proven in an earlier environment";
    NotProven "RB202" Error "an environment that is not verified before the next one is changed";
    NoApproval "RB203" Error "a change to an environment with users that nobody approves";
    SharedSecret "RB204" Error "one secret shared by two environments";
    ShortSoak "RB205" Warning "a soak shorter than the policy requires";
    VersionsDiffer "RB206" Error "a version other than the one that was proven";
    NotWatched "RB301" Error "a change that nothing monitors afterwards";
    MonitorCannotFail "RB302" Warning "a monitor that cannot fail";
    ShortWatch "RB303" Warning "a final watch shorter than the policy requires";
    NoIncidentNote "RB401" Error "an incident that ends without a note";
    NoFailurePath "RB402" Error "a release without a failure path";
    FailedRun "RB403" Warning "a page without an account of a run that failed";
    SecretLiteral "RB501" Error "a secret in plain text";
    SecretDeclared "RB502" Error "a secret that is used and not declared, or the reverse";
    SecretExposed "RB503" Error "a secret that others can see";
    ForeignExpression "RB504" Error "an expression of GitHub Actions in a script";
    ForeignSecret "RB505" Warning "a change that can read another environment's secret";
    SecretRotation "RB506" Warning "a secret that is due for rotation";
    Owners "RB601" Error "a runbook without an owner";
    ReviewDue "RB602" Warning "a runbook whose review is overdue";
    SelfApproval "RB603" Error "an approval that the runner may give";
    NoEvidence "RB604" Error "a manual item in an environment with users that asks for no evidence";
    WeakIdentity "RB605" Error "unsigned approvals in an environment with users";
    Journal "RB606" Error "a run that cannot be proven, or whose review is overdue";
    EmittedEdited "RB607" Warning "an emitted file that was changed by hand";
    AllowanceOver "RB608" Warning "an allowance that has expired";
    NoChart "RB701" Error "a package without a chart";
    ManifestEntry "RB702" Error "a version without a package, or the reverse";
    VersionDrift "RB703" Error "a chart of another version than the manifest";
    NoTag "RB704" Warning "a version without its tag in Git";
    ChartName "RB705" Warning "a package and a chart with different names";
    NoBase "RB706" Warning "components that cannot be compared with an earlier state";
    ReleasePleaseFile "RB707" Error "a file of Release Please that is missing or cannot be read";
}

impl Code {
    /// Tells whether MkDocs or a plugin of it warns of the same: what `strict: true` of a `mkdocs.yml`
    /// fails for. The other rules are opsbook's own.
    pub fn is_of_mkdocs(self) -> bool {
        matches!(
            self,
            Code::ConfigUnknownKey
                | Code::ConfigBadValue
                | Code::ConfigDeprecated
                | Code::LinkNotFound
                | Code::LinkAbsolute
                | Code::LinkUnrecognized
                | Code::AnchorNotFound
                | Code::LinkToExcluded
                | Code::NavNotFound
                | Code::NavOmitted
                | Code::NavExcluded
                | Code::NavAbsolute
                | Code::PageConflict
                | Code::BrokenSymlink
                | Code::TemplateSkipped
                | Code::PluginUnknownOption
                | Code::PluginBadOption
                | Code::RedirectNotFound
                | Code::PagesFile
                | Code::PagesEntryNotFound
                | Code::TagsInvalid
                | Code::MacroFailed
                | Code::TableUnreadable
        )
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique() {
        let ids: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.id()).collect();
        assert_eq!(ids.len(), Code::ALL.len());
    }

    #[test]
    fn summaries_are_one_line_in_lower_case() {
        for code in Code::ALL {
            let summary = code.summary();
            assert!(!summary.ends_with('.') && !summary.contains('\n'), "{code}: {summary}");
        }
        assert_eq!(Code::PageNotUtf8.severity(), Error);
    }
}
