//! What a script may do to the world, guessed from its commands.
//!
//! Conservative: `read` only where every command is known to look and to leave alone; what is not
//! known writes; what names a removal destroys.

use crate::runbook::Impact;

type Words = [Option<String>];

/// Commands that look, whatever their arguments.
const LOOK: &[&str] = &[
    ":",
    "[",
    "base64",
    "cat",
    "cd",
    "cmp",
    "cut",
    "date",
    "df",
    "diff",
    "dig",
    "dmesg",
    "du",
    "echo",
    "egrep",
    "false",
    "fgrep",
    "file",
    "free",
    "grep",
    "head",
    "host",
    "hostname",
    "id",
    "jq",
    "journalctl",
    "ls",
    "lsof",
    "md5sum",
    "netstat",
    "nproc",
    "nslookup",
    "ping",
    "printf",
    "ps",
    "pwd",
    "sha256sum",
    "sleep",
    "ss",
    "stat",
    "tail",
    "test",
    "tr",
    "true",
    "uname",
    "uniq",
    "uptime",
    "wc",
    "which",
    "whoami",
];

/// Commands that look with these words as their first arguments.
const LOOK_BY: &[(&str, &[&str])] = &[
    ("docker", &["ps", "images", "logs", "inspect", "version", "info"]),
    ("etcdctl", &["version", "get", "check"]),
    ("git", &["status", "log", "diff", "show", "rev-parse", "describe", "ls-files", "blame"]),
    ("helm", &["list", "ls", "status", "get", "history", "show", "search", "version", "template", "lint"]),
    (
        "kubectl",
        &["get", "describe", "logs", "top", "explain", "version", "cluster-info", "api-resources", "wait", "diff"],
    ),
    ("oc", &["get", "describe", "logs", "explain", "version", "status", "whoami"]),
    ("openssl", &["dgst", "s_client", "verify", "version", "x509"]),
    ("podman", &["ps", "images", "logs", "inspect", "version", "info"]),
    ("systemctl", &["status", "is-active", "is-enabled", "is-failed", "list-units", "show", "cat"]),
    ("terraform", &["show", "validate", "output", "version"]),
];

/// Commands that change things, known well enough to tell a script from a listing.
const WORK: &[&str] = &[
    "apt",
    "apt-get",
    "aws",
    "brew",
    "chmod",
    "chown",
    "cp",
    "curl",
    "dnf",
    "docker",
    "find",
    "gcloud",
    "git",
    "go",
    "helm",
    "kubectl",
    "ln",
    "make",
    "mkdir",
    "mv",
    "npm",
    "oc",
    "pip",
    "podman",
    "rm",
    "sed",
    "ssh",
    "scp",
    "sudo",
    "systemctl",
    "tar",
    "terraform",
    "touch",
    "wget",
    "yum",
];

const REMOVE: &[&str] = &["dd", "dropdb", "rm", "rmdir", "shred", "truncate", "userdel", "wipefs"];
const REMOVALS: &[&str] = &["delete", "destroy", "prune", "purge", "remove", "rm", "rmi", "terminate", "uninstall"];

/// Programs that wait for somebody at a terminal, or that never end by themselves.
const ATTENDED: &[&str] = &[
    "emacs",
    "gdb",
    "htop",
    "k9s",
    "kinit",
    "less",
    "man",
    "more",
    "mutt",
    "nano",
    "passwd",
    "ssh-copy-id",
    "top",
    "vi",
    "view",
    "vim",
    "visudo",
    "vipw",
    "watch",
];

/// Programs that read commands unless they are given some: what follows is typed into them.
const ENTERED: &[&str] = &[
    "bash",
    "bq",
    "cqlsh",
    "ftp",
    "iex",
    "ipython",
    "irb",
    "mongo",
    "mongosh",
    "mosh",
    "mysql",
    "mariadb",
    "node",
    "psql",
    "python",
    "python3",
    "redis-cli",
    "screen",
    "sftp",
    "sh",
    "sqlite3",
    "sqlplus",
    "telnet",
    "tmux",
    "zsh",
];

/// Options by which those programs are given what to do.
const GIVEN: &[&str] = &[
    "-c",
    "-e",
    "-f",
    "-m",
    "-l",
    "-s",
    "-d",
    "--command",
    "--eval",
    "--execute",
    "--file",
    "--version",
    "--help",
    "-V",
    "--list",
    "--no-stream",
    "--scan",
    "--stat",
    "--rdb",
    "new-session",
    "kill-session",
    "ls",
    "query",
];

/// Commands that begin a session in which a person proves who they are: program, then words.
const LOGINS: &[(&str, &[&str])] = &[
    ("argocd", &["login"]),
    ("aws", &["sso login", "configure", "configure sso"]),
    ("az", &["login"]),
    ("cf", &["login"]),
    ("doctl", &["auth init"]),
    ("docker", &["login"]),
    ("firebase", &["login"]),
    ("gcloud", &["auth login", "auth application-default login", "init"]),
    ("gh", &["auth login", "auth refresh"]),
    ("glab", &["auth login"]),
    ("helm", &["registry login"]),
    ("heroku", &["login"]),
    ("ibmcloud", &["login"]),
    ("npm", &["login", "adduser"]),
    ("oc", &["login"]),
    ("op", &["signin"]),
    ("podman", &["login"]),
    ("terraform", &["login"]),
    ("tsh", &["login"]),
    ("vault", &["login", "operator unseal"]),
];

/// Options by which such a command is given the proof.
const PROOFS: &[&str] = &[
    "--password-stdin",
    "--service-principal",
    "--identity",
    "--token",
    "--with-token",
    "--cred-file",
    "--core",
    "--apikey",
    "--auth",
    "--username",
];

fn has(rest: &Words, flags: &[&str]) -> bool {
    rest.iter().flatten().any(|word| flags.contains(&word.as_str()))
}

fn has_option(rest: &Words, options: &[&str]) -> bool {
    rest.iter().flatten().any(|word| options.contains(&word.split('=').next().unwrap_or_default()))
}

/// Tells whether what follows on a command is typed into what it starts: a shell of another machine, of a
/// container or of another account, or a program that reads commands.
pub(super) fn enters(command: &Words) -> bool {
    if let [Some(sudo), rest @ ..] = command
        && sudo == "sudo"
    {
        let (options, rest) = options_of_sudo(rest);
        if rest.is_empty() && (options.is_empty() || has(options, &["-i", "-s", "--login", "--shell"])) {
            return true;
        }
    }
    let Some((name, rest)) = named(command) else { return false };
    let terminal = ["-it", "-ti", "-i", "-t", "--stdin", "--tty", "--interactive"];
    match name {
        "kubectl" | "oc" => match first(rest) {
            Some("rsh" | "attach" | "debug") => true,
            Some("exec" | "run") => has(rest, &terminal),
            _ => false,
        },
        "docker" | "podman" | "nerdctl" | "crictl" => match (first(rest), second(rest)) {
            (Some("exec" | "run"), _) => has(rest, &terminal),
            (Some("compose"), Some("exec" | "run")) => !has(rest, &["-T", "--no-TTY", "-d"]),
            (Some("attach"), _) => true,
            _ => false,
        },
        "docker-compose" => matches!(first(rest), Some("exec")) && !has(rest, &["-T"]),
        "ssh" => remote_command(rest).is_empty(),
        "gcloud" => has(rest, &["ssh"]) && !has_option(rest, &["--command"]),
        "aws" => first(rest) == Some("ssm") && second(rest) == Some("start-session"),
        "az" => first(rest) == Some("ssh"),
        "vagrant" | "minikube" | "tsh" | "multipass" | "machinectl" | "virsh" => {
            matches!(first(rest), Some("ssh" | "shell" | "console"))
        }
        "rails" | "php" => matches!(first(rest), Some("console" | "c" | "-a")),
        "manage.py" => matches!(first(rest), Some("shell" | "dbshell")),
        "chroot" | "nsenter" => {
            rest.iter().flatten().next_back().is_some_and(|last| last.ends_with("sh")) || rest.len() <= 1
        }
        "su" => !has_option(rest, &["-c", "--command"]),
        // A program that is given a script, a statement or an input reads no commands.
        "bash" | "sh" | "zsh" | "python" | "python3" | "node" => {
            rest.is_empty() || has(rest, &["-i", "-l"]) && rest.len() == 1
        }
        "redis-cli" => !trails(rest),
        _ => {
            ENTERED.contains(&name) && !has_option(rest, GIVEN) && !rest.iter().flatten().any(|word| word.contains(' '))
        }
    }
}

/// Tells whether a Redis command follows on the options: `redis-cli -h host get key`.
fn trails(rest: &Words) -> bool {
    let mut valued = false;
    rest.iter().flatten().any(|word| {
        let is_value = std::mem::replace(&mut valued, ["-h", "-p", "-a", "-n", "-u", "-s"].contains(&word.as_str()));
        !is_value && !word.starts_with('-')
    })
}

/// The words behind the host of `ssh`: what is run there.
fn remote_command(mut rest: &Words) -> &Words {
    // The options that take a value, then the host.
    while let [Some(option), more @ ..] = rest
        && option.starts_with('-')
    {
        let valued = option.len() == 2 && "bcDEeFIiJLlmOopQRSWw".contains(&option[1..]);
        rest = more.get(usize::from(valued)..).unwrap_or_default();
    }
    rest.get(1..).unwrap_or_default()
}

/// Tells whether a command needs somebody at a terminal: a step has none, and ends by itself.
pub(super) fn is_attended(command: &Words) -> bool {
    if enters(command) {
        return true;
    }
    let Some((name, rest)) = named(command) else { return false };
    let words: Vec<&str> = arguments(rest).collect();
    let login = LOGINS.iter().filter(|(program, _)| *program == name).flat_map(|(_, ways)| *ways);
    if login.clone().any(|way| {
        let way: Vec<&str> = way.split(' ').collect();
        // `aws configure set` is given what to set.
        let whole = name != "aws" || way != ["configure"] || words.len() == 1;
        words.starts_with(&way) && whole
    }) {
        return !has_option(rest, PROOFS) && !has_option(rest, &["-p", "--password"]);
    }
    match name {
        "kubectl" | "oc" => match first(rest) {
            Some("edit" | "port-forward" | "proxy") => true,
            Some("logs" | "get") => has(rest, &["-f", "--follow", "-w", "--watch"]),
            _ => false,
        },
        "journalctl" | "tail" => rest.iter().flatten().any(|word| {
            let short =
                word.strip_prefix('-').is_some_and(|flags| !flags.starts_with('-') && flags.contains(['f', 'F']));
            short || word.starts_with("--follow")
        }),
        "crontab" => has(rest, &["-e"]),
        "systemctl" => first(rest) == Some("edit"),
        "fdisk" | "parted" => !has(rest, &["-l", "--list", "-s", "--script"]),
        "git" => match first(rest) {
            Some("rebase") => has(rest, &["-i", "--interactive"]),
            Some("add") => has(rest, &["-p", "-i", "--patch"]),
            Some("commit") => !rest.iter().flatten().any(|word| {
                word.starts_with("-m")
                    || word.starts_with("--")
                    || word.starts_with("-am")
                    || word == "-F"
                    || word == "-C"
            }),
            _ => false,
        },
        _ => ATTENDED.contains(&name),
    }
}

/// Tells whether a command has a name that somebody types: not a key of YAML, a path in a listing, or
/// the head of a table.
pub(super) fn is_typed(command: &Words) -> bool {
    let Some(first) = command.first() else { return true };
    let Some(name) = first else { return command.len() > 1 };
    let data = ["cfg", "conf", "csv", "html", "json", "log", "md", "toml", "txt", "xml", "yaml", "yml"];
    let file = name.rsplit_once('.').is_some_and(|(_, end)| data.contains(&end));
    let shouts = name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./+@~:[!%,".contains(&byte));
    let ends = name.len() > 1 && (name.ends_with(['/', ',', '.']) || name.contains(':'));
    word && !file && !shouts && !ends && !name.starts_with(['-', ','])
}

/// Tells whether a command's name is one that people type.
pub(super) fn is_known(command: &Words) -> bool {
    name(command).is_some_and(|name| {
        LOOK.contains(&name)
            || WORK.contains(&name)
            || REMOVE.contains(&name)
            || LOOK_BY.iter().any(|(of, _)| *of == name)
    })
}

/// Guesses the impact of a script from its commands and its text.
pub(super) fn guess(commands: &[Vec<Option<String>>], script: &str) -> Impact {
    let worst = commands.iter().map(|command| of_command(command)).max().unwrap_or(Impact::Write);
    let lower = script.to_lowercase();
    if ["drop table", "drop database", "delete from", "truncate table"].iter().any(|words| lower.contains(words)) {
        return Impact::Destroy;
    }
    if worst == Impact::Read && redirects(script) { Impact::Write } else { worst }
}

fn name(command: &Words) -> Option<&str> {
    command.first()?.as_deref()
}

/// A command's name without its folder, and its arguments; what runs another command is left out.
fn named(command: &Words) -> Option<(&str, &Words)> {
    let mut rest = command;
    while let [Some(word), more @ ..] = rest
        && ["sudo", "time", "nohup", "command"].contains(&word.as_str())
    {
        rest = if word == "sudo" { options_of_sudo(more).1 } else { more };
    }
    let (name, rest) = rest.split_first()?;
    let name = name.as_deref()?;
    Some((name.rsplit('/').next().unwrap_or(name), rest))
}

/// The options of `sudo`, with their values, and the command behind them.
fn options_of_sudo(words: &Words) -> (&Words, &Words) {
    let mut at = 0;
    while let Some(Some(option)) = words.get(at)
        && option.starts_with('-')
    {
        let valued = ["-u", "-g", "-h", "-p", "-C", "-U", "-D"].contains(&option.as_str());
        at = (at + 1 + usize::from(valued)).min(words.len());
    }
    words.split_at(at)
}

fn of_command(command: &Words) -> Impact {
    let Some(name) = name(command) else { return Impact::Write };
    let rest = &command[1..];
    if matches!(name, "sudo" | "time" | "nohup" | "command") {
        return if rest.first().is_some_and(|word| word.as_ref().is_some_and(|word| !word.starts_with('-'))) {
            of_command_bounded(rest)
        } else {
            at_least_write(rest)
        };
    }
    of_named(name, rest)
}

/// `sudo sudo sudo …` is not followed.
fn of_command_bounded(command: &Words) -> Impact {
    match name(command) {
        Some(name) if name != "sudo" => of_named(name, &command[1..]),
        _ => at_least_write(command),
    }
}

fn of_named(name: &str, rest: &Words) -> Impact {
    let name = name.rsplit('/').next().unwrap_or(name);
    if REMOVE.contains(&name) || name.starts_with("mkfs") {
        return Impact::Destroy;
    }
    let words = || rest.iter().flatten().map(String::as_str);
    let looks = match name {
        "curl" => {
            !words().any(|word| {
                let long = ["--data", "--request", "--form", "--upload", "--output", "--json", "--remote-name"];
                let short =
                    word.starts_with('-') && !word.starts_with("--") && word.contains(['X', 'd', 'F', 'T', 'o', 'O']);
                short || long.iter().any(|option| word.starts_with(option))
            }) && rest.iter().all(Option::is_some)
        }
        "awk" => !words().any(|word| word.contains("system(") || word.contains('>') || word.contains('|')),
        "sort" => !words().any(|word| word.starts_with("-o") || word.starts_with("--output")),
        "etcdctl" if first(rest) == Some("endpoint") => true,
        "etcdctl" if first(rest) == Some("member") => second(rest) == Some("list"),
        "openssl" if words().any(|word| word == "-out") => false,
        "find" => !words().any(|word| ["-delete", "-exec", "-execdir", "-ok", "-okdir", "-fprint"].contains(&word)),
        "aws" => {
            second(rest).is_some_and(|verb| ["describe-", "list-", "get-"].iter().any(|start| verb.starts_with(start)))
        }
        "kubectl" | "oc" if first(rest) == Some("rollout") => matches!(second(rest), Some("status" | "history")),
        "kubectl" | "oc" if first(rest) == Some("config") => matches!(second(rest), Some("view" | "current-context")),
        _ => {
            LOOK.contains(&name)
                || LOOK_BY
                    .iter()
                    .any(|(of, verbs)| *of == name && first(rest).is_some_and(|verb| verbs.contains(&verb)))
        }
    };
    if looks { Impact::Read } else { at_least_write(rest) }
}

fn at_least_write(words: &Words) -> Impact {
    let removes = words.iter().flatten().any(|word| {
        REMOVALS.contains(&word.as_str())
            || ["delete-", "terminate-", "--force-delete", "--hard"].iter().any(|start| word.starts_with(start))
    });
    if removes { Impact::Destroy } else { Impact::Write }
}

fn first(words: &Words) -> Option<&str> {
    arguments(words).next()
}

fn second(words: &Words) -> Option<&str> {
    arguments(words).nth(1)
}

/// The words that are no options and no values of options that commonly come first. A word that is
/// expanded counts as one that nothing is known of.
fn arguments(words: &Words) -> impl Iterator<Item = &str> {
    let mut skip = false;
    words.iter().map(|word| word.as_deref().unwrap_or("$")).filter(move |word| {
        if std::mem::take(&mut skip) {
            return false;
        }
        skip = matches!(
            *word,
            "-n" | "--namespace" | "--context" | "--kube-context" | "--kubeconfig" | "-C" | "--profile" | "--region"
        );
        !word.starts_with('-')
    })
}

/// Tells whether anything is written to a file, for all that the text shows.
fn redirects(script: &str) -> bool {
    let mut text = script.replace("2>&1", "").replace("->", "").replace("=>", "");
    for quiet in ["&>/dev/null", "2>/dev/null", ">/dev/null", "2> /dev/null", "> /dev/null", ">&2"] {
        text = text.replace(quiet, "");
    }
    text.contains('>') || script.split_whitespace().any(|word| word == "tee")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(script: &str) -> Impact {
        guess(&commands(script), script)
    }

    fn commands(script: &str) -> Vec<Vec<Option<String>>> {
        crate::plan::lint::bash_outline(script).expect("it parses").commands
    }

    #[test]
    fn what_waits_for_a_terminal_is_known() {
        for script in [
            "kubectl -n a edit deployment b",
            "sudo vim /etc/hosts",
            "ssh -i key host.example.org",
            "oc exec -it pod -- sh",
            "kubectl logs -f web",
            "psql",
            "journalctl -xef | grep a",
            "gcloud auth login",
            "az login",
            "aws sso login --profile admin",
            "aws configure",
            "vault login -method=oidc",
            "docker login registry.example.org",
            "mysql -u root -p shop",
            "git commit",
            "crontab -e",
        ] {
            assert!(commands(script).iter().any(|command| is_attended(command)), "{script}");
        }
        for script in [
            "kubectl exec pod -- date",
            "ssh -i key host uptime",
            "tail -n 5 log",
            "psql -c 'select 1'",
            "kubectl logs web",
            "az login --service-principal -u a -p b",
            "docker login -u a --password-stdin",
            "aws configure set region eu-west-1",
            "mysql -e 'select 1'",
            "redis-cli -h host ping",
            "bash run.sh",
            "python3 tool.py --now",
            "sudo systemctl restart web",
            "git commit -m 'a message'",
            "sudo -u postgres psql -c 'select 1'",
        ] {
            assert!(!commands(script).iter().any(|command| is_attended(command)), "{script}");
        }
    }

    #[test]
    fn what_follows_on_some_commands_is_typed_elsewhere() {
        for script in [
            "ssh -p 22 admin@host.example.org",
            "oc rsh pod/web",
            "kubectl exec -it web -- /bin/bash",
            "docker exec -it web sh",
            "docker compose exec web sh",
            "sudo -i",
            "sudo su -",
            "sudo -u postgres psql",
            "su - postgres",
            "psql -h db -U app shop",
            "python",
            "redis-cli -h cache",
            "gcloud compute ssh vm-1",
            "aws ssm start-session --target i-1",
            "chroot /mnt /bin/bash",
        ] {
            assert!(commands(script).iter().any(|command| enters(command)), "{script}");
        }
        for script in
            ["kubectl edit deployment web", "less log", "vault login", "ssh host uptime", "sudo apt-get update"]
        {
            assert!(!commands(script).iter().any(|command| enters(command)), "{script}");
        }
    }

    #[test]
    fn a_listing_is_not_typed() {
        for script in ["name: x", "is:open label:a", "- item", "./task/", "README.md", "NAME READY", "$(steps.a.b)"] {
            assert!(!commands(script).iter().all(|command| is_typed(command)), "{script}");
        }
        for script in ["./run.sh now", "$TOOL run", "[ -f a ]", "FOO=1 make", "apt-get update"] {
            assert!(commands(script).iter().all(|command| is_typed(command)), "{script}");
        }
    }

    #[test]
    fn only_what_is_known_to_look_reads() {
        for script in [
            "kubectl -n kube-system get pods | grep -v Running",
            "kubectl rollout status deployment/web --timeout=5m",
            "curl -fsS https://example.org/health 2>/dev/null",
            "sudo systemctl status nginx",
            "aws ec2 describe-instances",
        ] {
            assert_eq!(of(script), Impact::Read, "{script}");
        }
        for script in
            ["kubectl apply -f a.yaml", "kubectl $VERB pods", "ls > list", "curl -X POST u", "frobnicate", "git push"]
        {
            assert_eq!(of(script), Impact::Write, "{script}");
        }
        for script in
            ["rm -rf /srv/x", "kubectl -n a delete pod b", "sudo rm x", "psql -c 'DROP TABLE t'", "git reset --hard"]
        {
            assert_eq!(of(script), Impact::Destroy, "{script}");
        }
    }
}
