//! Carrying out a template: parts and variables to text that still knows its place.

use super::eval::Fault;
use super::expr::Expr;
use super::template::{self, Part};
use super::value::Value;
use super::{Options, WhenUndefined};
use crate::diag::{Code, Diagnostic, Severity};
use crate::markdown::preprocess::Context;
use crate::text::{Chunk, ReadError, Span};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

const MAX_STEPS: usize = 200_000;
const MAX_BYTES: usize = 8 << 20;
const MAX_DEPTH: usize = 20;

/// A template with its parts.
#[derive(Clone)]
pub(super) struct Template {
    pub(super) text: Arc<Chunk>,
    pub(super) parts: Arc<Vec<Part>>,
}

/// A macro with the template that its body stands in.
#[derive(Clone)]
struct Macro {
    parameters: Vec<(String, Option<Expr>)>,
    body: Template,
}

/// The state of one page's run.
pub(super) struct Run<'a, 'w> {
    options: &'a Options,
    context: &'a mut Context<'w>,
    globals: BTreeMap<String, Value>,
    /// Names of blocks, the innermost last.
    scopes: Vec<BTreeMap<String, Value>>,
    macros: Vec<Macro>,
    n_steps: usize,
    n_bytes: usize,
    depth: usize,
    is_over: bool,
}

impl<'a, 'w> Run<'a, 'w> {
    pub(super) fn new(options: &'a Options, globals: BTreeMap<String, Value>, context: &'a mut Context<'w>) -> Self {
        Run {
            options,
            context,
            globals,
            scopes: vec![BTreeMap::new()],
            macros: Vec::new(),
            n_steps: 0,
            n_bytes: 0,
            depth: 0,
            is_over: false,
        }
    }

    /// Reads a text as a template.
    pub(super) fn template(&self, text: Chunk) -> Template {
        let parts = template::parse(text.text(), &self.options.marks);
        Template { text: Arc::new(text), parts: Arc::new(parts) }
    }

    pub(super) fn lookup(&self, name: &str) -> Option<Value> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name)).or_else(|| self.globals.get(name)).cloned()
    }

    fn set(&mut self, name: &str, value: Value) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), value);
        }
    }

    fn report(&mut self, code: Code, span: Span, message: String) {
        self.context.diagnostics.push(Diagnostic::new(code, span, message));
    }

    /// Notes a step; past the limits the rest of the page is left out, with a word about it.
    fn may_go_on(&mut self, out: &Chunk, place: Span) -> bool {
        self.n_steps += 1;
        if !self.is_over && (self.n_steps > MAX_STEPS || self.n_bytes + out.len() > MAX_BYTES) {
            self.is_over = true;
            let message =
                format!("the templates of this page take more than {MAX_STEPS} steps or make more than 8 MiB");
            self.report(Code::MacroFailed, place, message);
        }
        !self.is_over
    }

    /// Counts work that makes nothing of its own; the next step finds out whether it was too much.
    pub(super) fn charge(&mut self, n_steps: usize) {
        self.n_steps = self.n_steps.saturating_add(n_steps);
    }

    pub(super) fn run(&mut self, template: &Template) -> Chunk {
        let mut out = Chunk::default();
        self.run_parts(&template.parts, &template.text, &mut out);
        out
    }

    fn run_parts(&mut self, parts: &[Part], text: &Arc<Chunk>, out: &mut Chunk) {
        for part in parts {
            let place = match part {
                Part::Text(range) | Part::Print { whole: range, .. } | Part::Bad { whole: range, .. } => range.clone(),
                _ => 0..0,
            };
            let place = text.span(place);
            if !self.may_go_on(out, place) {
                return;
            }
            self.run_part(part, text, out);
        }
    }

    fn run_part(&mut self, part: &Part, text: &Arc<Chunk>, out: &mut Chunk) {
        match part {
            Part::Text(range) => out.push_slice(text, range.clone()),
            Part::Bad { whole, message } => self.leave(Fault::Failed(message.clone()), whole, text, out),
            Part::Print { whole, value } => match value {
                Ok(expr) => match self.eval(expr) {
                    Ok(value) => self.print(&value, whole, text, out),
                    Err(fault) => self.leave(fault, whole, text, out),
                },
                Err(message) => self.leave(Fault::Failed(message.clone()), whole, text, out),
            },
            Part::If { branches } => {
                for (condition, body) in branches {
                    // What is not there is false.
                    let holds = match condition {
                        Some(condition) => self.eval(condition).is_ok_and(|value| value.is_true()),
                        None => true,
                    };
                    if holds {
                        self.run_parts(body, text, out);
                        return;
                    }
                }
            }
            Part::For { whole, names, over, only_if, body, otherwise } => {
                self.for_part(whole, names, over, only_if.as_ref(), body, otherwise, text, out);
            }
            Part::Set { whole, names, value } => match self.eval(value) {
                Ok(value) => self.bind(names, value),
                Err(fault) => self.leave(fault, whole, text, out),
            },
            Part::SetBlock { name, body } => {
                let mut inner = Chunk::default();
                self.run_parts(body, text, &mut inner);
                self.set(name, Value::text(inner.text()));
            }
            Part::Macro { name, parameters, body } => {
                let index = self.macros.len();
                let body = Template { text: text.clone(), parts: Arc::new(body.clone()) };
                self.macros.push(Macro { parameters: parameters.clone(), body });
                self.set(name, Value::Macro(index));
            }
            Part::Include { whole, file, may_lack } => {
                if let Some(template) = self.load(file, *may_lack, whole, text, out) {
                    let included = self.deeper(|run| run.run(&template)).unwrap_or_default();
                    // Jinja2 takes one line end off the end of a template.
                    let end = included.text().strip_suffix('\n').unwrap_or(included.text()).len();
                    out.push_slice(&included, 0..end);
                }
            }
            Part::Import { whole, file, module, names } => {
                let Some(template) = self.load(file, false, whole, text, out) else { return };
                self.scopes.push(BTreeMap::new());
                let ran = self.deeper(|run| run.run(&template));
                let made = self.scopes.pop().unwrap_or_default();
                if ran.is_none() {
                    return;
                }
                for (name, other) in names {
                    match made.get(name).cloned() {
                        Some(value) => self.set(other, value),
                        None => {
                            let message = format!("the file has no macro or variable `{name}`");
                            self.report(Code::MacroFailed, text.span(whole.clone()), message);
                        }
                    }
                }
                if names.is_empty() {
                    let entries = made.into_iter().map(|(name, value)| (Value::text(&name), value)).collect();
                    self.set(module, Value::map(entries));
                }
            }
            Part::With { values, body } => {
                self.scopes.push(BTreeMap::new());
                for (name, value) in values {
                    if let Ok(value) = self.eval(value) {
                        self.set(name, value);
                    }
                }
                self.run_parts(body, text, out);
                self.scopes.pop();
            }
            Part::FilterBlock { whole, filters, body } => {
                let mut inner = Chunk::default();
                self.run_parts(body, text, &mut inner);
                self.scopes.push(BTreeMap::from([("__body".to_owned(), Value::text(inner.text()))]));
                let filtered = self.eval(filters);
                self.scopes.pop();
                match filtered {
                    Ok(value) => self.print(&value, whole, text, out),
                    Err(fault) => self.leave(fault, whole, text, out),
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "these are the parts of the statement")]
    fn for_part(
        &mut self,
        whole: &Range<usize>,
        names: &[String],
        over: &Expr,
        only_if: Option<&Expr>,
        body: &[Part],
        otherwise: &[Part],
        text: &Arc<Chunk>,
        out: &mut Chunk,
    ) {
        let items = match self.eval(over).map(|value| value.items()) {
            Ok(Some(items)) => items,
            Ok(None) => {
                return self.leave(Fault::Failed("a loop needs a list or a mapping".to_owned()), whole, text, out);
            }
            Err(fault) => return self.leave(fault, whole, text, out),
        };
        let mut kept = Vec::new();
        for item in items {
            // Every round counts, also of a loop that holds nothing.
            if !self.may_go_on(out, text.span(whole.clone())) {
                return;
            }
            if let Some(condition) = only_if {
                self.scopes.push(BTreeMap::new());
                self.bind(names, item.clone());
                let holds = self.eval(condition).is_ok_and(|value| value.is_true());
                self.scopes.pop();
                if !holds {
                    continue;
                }
            }
            kept.push(item);
        }
        if kept.is_empty() {
            return self.run_parts(otherwise, text, out);
        }
        let length = kept.len();
        for (at, item) in kept.iter().enumerate() {
            let index = at as i64;
            let about = [
                ("index", Value::Int(index + 1)),
                ("index0", Value::Int(index)),
                ("revindex", Value::Int((length - at) as i64)),
                ("revindex0", Value::Int((length - at - 1) as i64)),
                ("first", Value::Bool(at == 0)),
                ("last", Value::Bool(at + 1 == length)),
                ("length", Value::Int(length as i64)),
                ("previtem", at.checked_sub(1).map_or(Value::Undefined("".into()), |at| kept[at].clone())),
                ("nextitem", kept.get(at + 1).cloned().unwrap_or(Value::Undefined("".into()))),
            ];
            self.scopes.push(BTreeMap::new());
            self.bind(names, item.clone());
            self.set("loop", Value::map(about.map(|(name, value)| (Value::text(name), value)).into()));
            self.run_parts(body, text, out);
            self.scopes.pop();
            if self.is_over {
                return;
            }
        }
    }

    /// Gives names their values: one name the whole, several the items.
    fn bind(&mut self, names: &[String], value: Value) {
        if let [name] = names {
            return self.set(name, value);
        }
        let mut items = value.items().unwrap_or_default().into_iter();
        for name in names {
            let item = items.next().unwrap_or(Value::Undefined("".into()));
            self.set(name, item);
        }
    }

    fn deeper<T>(&mut self, go: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let result = go(self);
        self.depth -= 1;
        Some(result)
    }

    /// Calls a macro with values.
    pub(super) fn call_macro(
        &mut self,
        index: usize,
        by_place: &[Value],
        by_name: &[(String, Value)],
    ) -> Result<String, Fault> {
        if self.is_over {
            return Err(Fault::Failed("the page's templates take too many steps".to_owned()));
        }
        let Some(called) = self.macros.get(index).cloned() else {
            return Err(Fault::Failed("there is no such macro".to_owned()));
        };
        let mut scope = BTreeMap::new();
        for (at, (name, default)) in called.parameters.iter().enumerate() {
            let named = by_name.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
            let value = match (by_place.get(at).cloned().or(named), default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.eval(default)?,
                (None, None) => Value::Undefined("".into()),
            };
            scope.insert(name.clone(), value);
        }
        self.scopes.push(scope);
        let made = self.deeper(|run| run.run(&called.body));
        self.scopes.pop();
        let made = made.ok_or_else(|| Fault::Failed(format!("macros call each other deeper than {MAX_DEPTH}")))?;
        self.n_bytes += made.len();
        Ok(made.text().to_owned())
    }

    /// Reads the file that an inclusion names, below the folder of inclusions.
    fn load(
        &mut self,
        file: &Expr,
        may_lack: bool,
        whole: &Range<usize>,
        text: &Arc<Chunk>,
        out: &mut Chunk,
    ) -> Option<Template> {
        let span = text.span(whole.clone());
        let names = match self.eval(file) {
            Ok(Value::List(names)) => names.iter().map(Value::show).collect(),
            Ok(value) if !value.is_undefined() => vec![value.show()],
            Ok(_) => {
                self.leave(Fault::Undefined("the name of the file is not defined".to_owned()), whole, text, out);
                return None;
            }
            Err(fault) => {
                self.leave(fault, whole, text, out);
                return None;
            }
        };
        if self.depth == MAX_DEPTH {
            self.report(Code::IncludeNotFound, span, format!("files include each other deeper than {MAX_DEPTH}"));
            return None;
        }
        for name in &names {
            let path = self.options.include_dir.join(name.trim_start_matches('/'));
            let stays_inside = path.below(self.options.include_dir).is_some();
            match self.context.source(path) {
                Ok(source) if stays_inside => return Some(self.template(Chunk::of(&source))),
                Err(ReadError::Outside(why)) => {
                    self.context.diagnostics.push(Diagnostic::outside(span, name, &why));
                    return None;
                }
                _ => {}
            }
        }
        if !may_lack {
            let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let message = format!("the included file {listed} is not found");
            let note = format!("inclusions are looked for in `{}`", self.options.include_dir);
            self.context.diagnostics.push(Diagnostic::new(Code::IncludeNotFound, span, message).note(note));
        }
        None
    }

    fn print(&mut self, value: &Value, whole: &Range<usize>, text: &Arc<Chunk>, out: &mut Chunk) {
        let span = text.span(whole.clone());
        let Value::Undefined(words) = value else {
            return out.push_synthetic(&value.show(), span);
        };
        match self.options.on_undefined {
            WhenUndefined::Keep => {
                let shown = &text.text()[whole.clone()];
                let message = format!("`{}` is not defined", shown.trim_matches(['{', '}', ' ', '-']));
                let diagnostic =
                    Diagnostic::new(Code::MacroUndefined, span, message).note("its text stays in the page");
                self.context.diagnostics.push(diagnostic);
                out.push_synthetic(words, span);
            }
            WhenUndefined::Silent => {}
            WhenUndefined::Strict => {
                let fault = Fault::Undefined("a name is not defined".to_owned());
                self.leave(fault, whole, text, out);
            }
        }
    }

    /// Says what is wrong and leaves the text of the tag in the page.
    fn leave(&mut self, fault: Fault, whole: &Range<usize>, text: &Arc<Chunk>, out: &mut Chunk) {
        let span = text.span(whole.clone());
        let (code, message) = match fault {
            Fault::Undefined(_) if self.options.on_undefined == WhenUndefined::Silent && self.options.is_lax => return,
            Fault::Undefined(message) => (Code::MacroUndefined, message),
            Fault::Failed(message) => (Code::MacroFailed, message),
        };
        let diagnostic = Diagnostic::new(code, span, message).severity(Severity::Warning);
        self.context.diagnostics.push(diagnostic.note("its text stays in the page"));
        out.push_slice(text, whole.clone());
    }
}
