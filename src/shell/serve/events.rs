//! What browsers hear: server-sent events (the HTML standard, 9.2), made from two values of what is shown.

use super::gate::Wire;
use super::request::encode_path;
use super::{Shared, Shown};
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

/// A line that says nothing finds out who is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Paths that are named; of more, all pages load again.
const MAX_PATHS: usize = 1000;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
                    X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\nretry: 500\n\n";

/// Tells of every change, until the browser is gone or takes no more.
pub(super) fn tell(shared: &Shared, mut told: Arc<Shown>, wire: &mut Wire<'_>) -> io::Result<()> {
    wire.hears_from_now_on();
    write!(wire, "{HEAD}{}{}", hello(&told), complaints(&told))?;
    wire.flush()?;
    loop {
        match shared.later_than(told.serial, HEARTBEAT) {
            None => wire.write_all(b": still here\n\n")?,
            Some(next) => {
                wire.write_all(between(&told, &next).as_bytes())?;
                told = next;
            }
        }
        wire.flush()?;
    }
}

fn event(kind: &str, data: &serde_json::Value) -> String {
    format!("event: {kind}\ndata: {data}\n\n")
}

fn hello(shown: &Shown) -> String {
    event("hello", &serde_json::json!({ "generation": shown.generation, "mount": encode_path(&shown.mount) }))
}

fn complaints(shown: &Shown) -> String {
    event("problems", &serde_json::json!(shown.complaints))
}

/// What there is to say to somebody who was told of one value, now that there is another. Values between
/// the two may have been missed, and with them the paths that changed.
fn between(told: &Shown, next: &Shown) -> String {
    let mut events = String::new();
    if told.complaints != next.complaints {
        events += &complaints(next);
    }
    if told.mount != next.mount {
        return events + &hello(next);
    }
    if told.generation == next.generation {
        return events;
    }
    let generation = next.generation;
    let knows_all = told.generation + 1 == generation && next.changed.len() <= MAX_PATHS;
    if knows_all && !next.changed.is_empty() && next.changed.iter().all(|path| path.as_str().ends_with(".css")) {
        return events + &event("styles", &serde_json::json!({ "generation": generation }));
    }
    let paths: Option<Vec<&str>> = knows_all.then(|| next.changed.iter().map(|path| path.as_str()).collect());
    events + &event("reload", &serde_json::json!({ "generation": generation, "paths": paths }))
}
