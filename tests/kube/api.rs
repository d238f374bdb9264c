//! A Kubernetes API server as small as Helm and kubectl allow: discovery, objects in memory, watches
//! with bookmarks, the patches that both programs send, and deployments that are ready at once,
//! except those whose image is named `never-ready`. It listens on the loopback interface only.

use super::protobuf;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// The kinds that there are: group and version, plural, kind, and whether it lies in a namespace.
const KINDS: &[(&str, &str, &str, bool)] = &[
    ("v1", "configmaps", "ConfigMap", true),
    ("v1", "namespaces", "Namespace", false),
    ("v1", "pods", "Pod", true),
    ("v1", "secrets", "Secret", true),
    ("v1", "services", "Service", true),
    ("apps/v1", "deployments", "Deployment", true),
    ("apps/v1", "replicasets", "ReplicaSet", true),
];

/// Plural, namespace, name.
type Key = (String, String, String);

/// A cluster that lives as long as the test.
pub(super) struct Cluster {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<Key, Value>,
    /// Every change since the beginning: the version it made, its type, and the object.
    events: Vec<(u64, &'static str, Key, Value)>,
    version: u64,
    requests: Vec<String>,
    over: bool,
}

impl Cluster {
    /// Starts a cluster whose `kube-system` has this uid.
    pub(super) fn start(uid: &str) -> Cluster {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback interface is there");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared::default());
        for (name, uid) in [("kube-system", uid), ("default", "default")] {
            let namespace = json!({"metadata": {"name": name, "uid": uid}});
            shared.state().save("v1", "Namespace", ("namespaces".into(), String::new(), name.into()), namespace);
        }
        let of_server = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if of_server.state().over {
                    return;
                }
                let shared = Arc::clone(&of_server);
                if let Ok(stream) = stream {
                    std::thread::spawn(move || serve(&shared, stream));
                }
            }
        });
        Cluster { address, shared }
    }

    /// A kubeconfig that leads here.
    pub(super) fn kubeconfig(&self) -> String {
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: fake\n  cluster: {{server: 'http://{}'}}\n\
             users:\n- name: tester\n  user: {{token: loopback-token}}\n\
             contexts:\n- name: main\n  context: {{cluster: fake, user: tester}}\ncurrent-context: main\n",
            self.address
        )
    }

    /// Returns an object, or JSON's null.
    pub(super) fn object(&self, plural: &str, namespace: &str, name: &str) -> Value {
        let key = (plural.to_owned(), namespace.to_owned(), name.to_owned());
        self.shared.state().objects.get(&key).cloned().unwrap_or_default()
    }

    /// Returns the image that a deployment runs.
    pub(super) fn image(&self, namespace: &str, name: &str) -> String {
        let deployment = self.object("deployments", namespace, name);
        deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns Helm's revisions of a release with their states, in order.
    pub(super) fn revisions(&self, release: &str) -> Vec<(u64, String)> {
        let state = self.shared.state();
        let of_release = state.objects.values().filter(|object| {
            object["metadata"]["labels"]["owner"] == "helm" && object["metadata"]["labels"]["name"] == release
        });
        let label =
            |object: &Value, name: &str| object["metadata"]["labels"][name].as_str().unwrap_or_default().to_owned();
        let mut found: Vec<(u64, String)> =
            of_release.map(|object| (label(object, "version").parse().unwrap_or(0), label(object, "status"))).collect();
        found.sort();
        found
    }

    /// Returns the requests that came, as method and path.
    pub(super) fn requests(&self) -> Vec<String> {
        self.shared.state().requests.clone()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.shared.state().over = true;
        self.shared.changed.notify_all();
        // Wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn save(&mut self, group: &str, kind: &str, key: Key, mut object: Value) -> Value {
        let old = self.objects.get(&key).cloned();
        self.version += 1;
        let version = self.version;
        object["apiVersion"] = group.into();
        object["kind"] = kind.into();
        if !key.1.is_empty() {
            object["metadata"]["namespace"] = key.1.clone().into();
        }
        object["metadata"]["resourceVersion"] = version.to_string().into();
        let meta = |name: &str| old.as_ref().map(|old| old["metadata"][name].clone()).filter(|value| !value.is_null());
        object["metadata"]["creationTimestamp"] = meta("creationTimestamp").unwrap_or("2026-01-01T00:00:00Z".into());
        let uid = object["metadata"]["uid"].as_str().map_or_else(|| format!("uid-{version}").into(), Value::from);
        object["metadata"]["uid"] = meta("uid").unwrap_or(uid);
        let before = meta("generation").and_then(|generation| generation.as_u64()).unwrap_or(0);
        let changed = old.as_ref().is_none_or(|old| old["spec"] != object["spec"]);
        object["metadata"]["generation"] = (before + u64::from(changed)).into();
        if kind == "Deployment" {
            let set = roll_out(&mut object);
            let name = set["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            self.save("apps/v1", "ReplicaSet", ("replicasets".into(), key.1.clone(), name), set);
        }
        let what = if old.is_some() { "MODIFIED" } else { "ADDED" };
        self.events.push((self.version, what, key.clone(), object.clone()));
        self.objects.insert(key, object.clone());
        object
    }

    /// Removes what an object owned that is gone.
    fn collect(&mut self, owner: &Value) {
        let owned = self.objects.iter().filter(|(_, object)| object["metadata"]["ownerReferences"][0]["uid"] == *owner);
        for key in owned.map(|(key, _)| key.clone()).collect::<Vec<Key>>() {
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &Key) -> Option<Value> {
        let mut object = self.objects.remove(key)?;
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.events.push((self.version, "DELETED", key.clone(), object.clone()));
        Some(object)
    }
}

/// Gives a deployment the status it comes to, and returns the replica set that its controller makes.
fn roll_out(deployment: &mut Value) -> Value {
    let replicas = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    deployment["spec"]["replicas"] = replicas.into();
    let template = deployment["spec"]["template"].clone();
    let ready = !template.to_string().contains("never-ready");
    let n_ready = if ready { replicas } else { 0 };
    let generation = deployment["metadata"]["generation"].clone();
    let word = if ready { "True" } else { "False" };
    deployment["status"] = json!({
        "observedGeneration": generation, "replicas": replicas, "updatedReplicas": replicas,
        "readyReplicas": n_ready, "availableReplicas": n_ready, "unavailableReplicas": replicas - n_ready,
        "conditions": [
            {"type": "Available", "status": word, "reason": "MinimumReplicas"},
            {"type": "Progressing", "status": "True", "reason": if ready { "NewReplicaSetAvailable" } else { "ReplicaSetUpdated" }},
        ],
    });
    let name = deployment["metadata"]["name"].as_str().unwrap_or_default();
    json!({
        "metadata": {
            "name": format!("{name}-{generation}"), "labels": template["metadata"]["labels"],
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "controller": true,
                                 "uid": deployment["metadata"]["uid"]}],
        },
        "spec": {"replicas": replicas, "selector": deployment["spec"]["selector"], "template": template},
        "status": {"replicas": replicas, "readyReplicas": n_ready, "availableReplicas": n_ready, "observedGeneration": 1},
    })
}

struct Request {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    content_type: String,
    body: Vec<u8>,
}

/// Serves one connection, request after request.
fn serve(shared: &Shared, stream: TcpStream) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader) {
        shared.state().requests.push(format!("{} {}", request.method, request.path));
        let mut stream: &TcpStream = reader.get_ref();
        let answer = answer(shared, &request);
        let (status, body) = match answer {
            Answer::Json(status, body) => (status, body.to_string()),
            Answer::Watch { group, kind, plural, namespace } => {
                // A watch has the connection to itself and ends with it.
                let _ = watch(shared, stream, &request, (group, kind, &plural, &namespace));
                return;
            }
        };
        let head = format!(
            "HTTP/1.1 {status} Fake\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut content_type) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|length| *length > 0)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "content-type" => content_type = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), unescape(value))
    };
    let query = query.split('&').map(pair).collect();
    Some(Request { method, path: path.to_owned(), query, content_type, body })
}

fn unescape(text: &str) -> String {
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (byte, hex) {
            (b'%', Some(value)) => {
                out.push(value);
                rest = &after[2..];
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

enum Answer {
    Json(u16, Value),
    Watch { group: &'static str, kind: &'static str, plural: String, namespace: String },
}

fn refuse(status: u16, reason: &str, message: String) -> Answer {
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason,
                      "code": status, "message": message});
    Answer::Json(status, body)
}

fn answer(shared: &Shared, request: &Request) -> Answer {
    let segments: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match segments.as_slice() {
        ["version"] => Answer::Json(200, json!({"major": "1", "minor": "35", "gitVersion": "v1.35.0"})),
        ["api"] => Answer::Json(200, json!({"kind": "APIVersions", "versions": ["v1"]})),
        ["apis"] => {
            let version = json!({"groupVersion": "apps/v1", "version": "v1"});
            let group = json!({"name": "apps", "versions": [version], "preferredVersion": version});
            Answer::Json(200, json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]}))
        }
        ["api", "v1"] => Answer::Json(200, resources("v1")),
        ["apis", "apps", "v1"] => Answer::Json(200, resources("apps/v1")),
        ["openapi", "v3"] => Answer::Json(
            200,
            json!({"paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"},
                             "apis/apps/v1": {"serverRelativeURL": "/openapi/v3/apis/apps/v1"}}}),
        ),
        ["openapi", "v3", "api", "v1"] => Answer::Json(200, open_api("v1", "/api/v1")),
        ["openapi", "v3", "apis", "apps", "v1"] => Answer::Json(200, open_api("apps/v1", "/apis/apps/v1")),
        ["api", "v1", rest @ ..] => objects(shared, request, "v1", rest),
        ["apis", "apps", "v1", rest @ ..] => objects(shared, request, "apps/v1", rest),
        _ => refuse(404, "NotFound", "the server could not find the requested resource".into()),
    }
}

fn resources(group: &str) -> Value {
    let verbs = json!(["create", "delete", "get", "list", "patch", "update", "watch"]);
    let kinds = KINDS.iter().filter(|(of, ..)| *of == group);
    let list: Vec<Value> = kinds
        .map(|(_, plural, kind, namespaced)| {
            json!({"name": plural, "singularName": kind.to_lowercase(), "namespaced": namespaced, "kind": kind,
                   "verbs": verbs})
        })
        .collect();
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": list})
}

/// Says of each kind that its fields are validated by the server, so that no client does it itself.
fn open_api(group: &str, root: &str) -> Value {
    let mut paths = Map::new();
    for (_, plural, kind, namespaced) in KINDS.iter().filter(|(of, ..)| *of == group) {
        let place = if *namespaced { "/namespaces/{namespace}" } else { "" };
        let (group, version) = group.split_once('/').unwrap_or(("", group));
        let patch = json!({
            "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": kind},
            "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}],
            "responses": {},
        });
        paths.insert(format!("{root}{place}/{plural}/{{name}}"), json!({"patch": patch}));
    }
    json!({"openapi": "3.0.0", "info": {"title": "Fake", "version": "1"}, "paths": paths})
}

fn objects(shared: &Shared, request: &Request, group: &'static str, rest: &[&str]) -> Answer {
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
        _ => ("", rest),
    };
    let (plural, name) = match rest {
        [plural] => (*plural, None),
        [plural, name] => (*plural, Some(*name)),
        _ => return refuse(404, "NotFound", format!("there is no `{}`", request.path)),
    };
    let Some((_, _, kind, _)) = KINDS.iter().find(|(of, known, ..)| (*of, *known) == (group, plural)) else {
        return refuse(404, "NotFound", "the server could not find the requested resource".into());
    };
    let key = |name: &str| (plural.to_owned(), namespace.to_owned(), name.to_owned());
    let missing = |name: &str| refuse(404, "NotFound", format!("{plural} \"{name}\" not found"));
    let mut state = shared.state();
    match (request.method.as_str(), name) {
        ("GET", None) if matches!(request.query.get("watch").map(String::as_str), Some("true" | "1")) => {
            Answer::Watch { group, kind, plural: plural.to_owned(), namespace: namespace.to_owned() }
        }
        ("GET", None) => {
            let chosen = state.objects.iter().filter(|(key, object)| wanted(request, key, plural, namespace, object));
            let items: Vec<&Value> = chosen.map(|(_, object)| object).collect();
            let meta = json!({"resourceVersion": state.version.to_string()});
            let list = json!({"kind": format!("{kind}List"), "apiVersion": group, "metadata": meta, "items": items});
            Answer::Json(200, list)
        }
        ("GET", Some(name)) => match state.objects.get(&key(name)) {
            Some(object) => Answer::Json(200, object.clone()),
            None => missing(name),
        },
        ("DELETE", Some(name)) => match state.remove(&key(name)) {
            Some(object) => {
                state.collect(&object["metadata"]["uid"]);
                shared.changed.notify_all();
                Answer::Json(200, object)
            }
            None => missing(name),
        },
        ("POST" | "PUT" | "PATCH", _) => {
            let parsed = protobuf::parse_object(&request.body).or_else(|| serde_json::from_slice(&request.body).ok());
            let Some(sent) = parsed.filter(Value::is_object) else {
                return refuse(415, "UnsupportedMediaType", format!("cannot read {}", request.content_type));
            };
            let name = name.or_else(|| sent["metadata"]["name"].as_str()).unwrap_or_default().to_owned();
            let old = state.objects.get(&key(&name)).cloned();
            let applied = request.content_type.contains("apply-patch");
            let (status, object) = match (request.method.as_str(), old) {
                ("POST", Some(_)) => {
                    return refuse(409, "AlreadyExists", format!("{plural} \"{name}\" already exists"));
                }
                ("PUT", None) => return missing(&name),
                ("PATCH", None) if !applied => return missing(&name),
                ("PATCH", Some(old)) if applied => (200, apply(old, sent)),
                ("PATCH", Some(old)) => (200, merge(old, sent)),
                ("PUT", Some(_)) => (200, sent),
                _ => (201, sent),
            };
            if request.query.get("dryRun").is_some_and(|dry| dry == "All") {
                return Answer::Json(status, object);
            }
            let saved = state.save(group, kind, key(&name), object);
            shared.changed.notify_all();
            Answer::Json(status, saved)
        }
        (method, _) => refuse(405, "MethodNotAllowed", format!("{method} is not served")),
    }
}

/// Tells whether a list or a watch of this kind holds an object.
fn wanted(request: &Request, key: &Key, plural: &str, namespace: &str, object: &Value) -> bool {
    if key.0 != plural || !namespace.is_empty() && key.1 != namespace {
        return false;
    }
    let labels = request.query.get("labelSelector").map_or("", String::as_str);
    let fits = labels.split(',').filter(|term| !term.is_empty()).all(|term| {
        let (negated, term) = match term.split_once("!=") {
            Some((name, value)) => (true, (name, value)),
            None => (false, term.split_once('=').map_or((term, ""), |(name, value)| (name, value.trim_matches('=')))),
        };
        (object["metadata"]["labels"][term.0] == term.1) != negated
    });
    let field = request.query.get("fieldSelector").and_then(|field| field.strip_prefix("metadata.name="));
    fits && field.is_none_or(|name| key.2 == name)
}

/// Sends what is there, a bookmark where it is asked for, and then each change as it comes.
fn watch(
    shared: &Shared,
    mut stream: &TcpStream,
    request: &Request,
    (group, kind, plural, namespace): (&str, &str, &str, &str),
) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")?;
    stream.set_nonblocking(true)?;
    let said = |name: &str| request.query.get(name).map_or("", String::as_str);
    let limit = said("timeoutSeconds").parse().unwrap_or(60_u64).min(60);
    let until = Instant::now() + Duration::from_secs(limit);
    let asked_from: u64 = said("resourceVersion").parse().unwrap_or(0);
    let initial = said("sendInitialEvents") == "true" || asked_from == 0;
    let mut state = shared.state();
    let (mut seen, mut lines) = (if initial { state.version } else { asked_from }, Vec::new());
    if initial {
        let there = state.objects.iter().filter(|(key, object)| wanted(request, key, plural, namespace, object));
        lines.extend(there.map(|(_, object)| json!({"type": "ADDED", "object": object})));
        let meta = json!({"resourceVersion": seen.to_string(), "annotations": {"k8s.io/initial-events-end": "true"}});
        if said("allowWatchBookmarks") == "true" {
            let mark = json!({"kind": kind, "apiVersion": group, "metadata": meta});
            lines.push(json!({"type": "BOOKMARK", "object": mark}));
        }
    }
    loop {
        let news = state
            .events
            .iter()
            .filter(|(version, _, key, object)| *version > seen && wanted(request, key, plural, namespace, object));
        lines.extend(news.map(|(_, what, _, object)| json!({"type": what, "object": object})));
        seen = seen.max(state.version);
        let over = state.over || Instant::now() >= until;
        drop(state);
        for line in lines.drain(..) {
            stream.set_nonblocking(false)?;
            stream.write_all(format!("{line}\n").as_bytes())?;
            stream.set_nonblocking(true)?;
        }
        // A client that has gone reads as the end of the stream.
        let gone = matches!(stream.peek(&mut [0]), Ok(0));
        if over || gone {
            return Ok(());
        }
        let waited = shared.changed.wait_timeout(shared.state(), Duration::from_millis(50));
        state = waited.map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
    }
}

/// What server-side apply comes to with one manager: metadata is merged, the rest is replaced.
fn apply(mut old: Value, sent: Value) -> Value {
    let Value::Object(sent) = sent else { return old };
    for (name, value) in sent {
        old[&name] = if name == "metadata" { merge(old[&name].take(), value) } else { value };
    }
    old
}

/// Merges as JSON merge patches do; lists of named things are merged by name, as in strategic ones.
fn merge(old: Value, sent: Value) -> Value {
    match (old, sent) {
        (Value::Object(mut old), Value::Object(sent)) => {
            for (name, value) in sent.into_iter().filter(|(name, _)| !name.starts_with('$')) {
                if value.is_null() {
                    old.remove(&name);
                } else {
                    let merged = merge(old.remove(&name).unwrap_or_default(), value);
                    old.insert(name, merged);
                }
            }
            Value::Object(old)
        }
        (Value::Array(mut old), Value::Array(sent)) if sent.iter().all(|item| item["name"].is_string()) => {
            for item in sent {
                match old.iter_mut().find(|known| known["name"] == item["name"]) {
                    Some(known) => *known = merge(known.take(), item),
                    None => old.push(item),
                }
            }
            Value::Array(old)
        }
        (_, sent @ Value::Object(_)) => merge(Map::new().into(), sent),
        (_, sent) => sent,
    }
}
