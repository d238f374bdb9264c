//! The theme's settings as templates read them: what the user gave, with every default filled in.

use super::icon::Icons;
use super::{engine, icon};
use serde_json::{Map, Value, json};

/// The settings that decisions in this room depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    features: Vec<String>,
    /// The language code.
    pub(super) language: String,
    /// `ltr` or `rtl`, where the user says so.
    pub(super) direction: Option<String>,
}

impl Options {
    pub(super) fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|name| name == feature)
    }
}

/// Reads the settings and returns them with defaults: `palette` is always a list, `icon` has all
/// roles, `font` is a mapping or `false`.
pub(super) fn complete(theme: &Value, own: &Icons) -> (Options, Value) {
    let mut map = theme.as_object().cloned().unwrap_or_default();
    let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_string);
    let features = strings(map.get("features"));
    let language = text("language").unwrap_or_else(|| "en".to_string());
    let options = Options { features: features.clone(), language: language.clone(), direction: text("direction") };
    let favicon = text("favicon").unwrap_or_else(|| "assets/images/favicon.png".to_string());
    let (palette, palette_switch) = palette(map.get("palette"));
    let font = font(map.get("font"));
    let icons = map.get("icon").and_then(Value::as_object).cloned().unwrap_or_default();
    map.insert("features".into(), json!(features));
    map.insert("language".into(), json!(language));
    map.insert("favicon".into(), json!(favicon));
    map.insert("palette".into(), palette);
    map.insert("palette_switch".into(), json!(palette_switch));
    map.insert("font".into(), font);
    map.insert("icon_style".into(), json!(icon_style(&icons, own)));
    map.insert("icon".into(), Value::Object(roles(icons, own)));
    (options, Value::Object(map))
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|item| item.as_str().map(str::to_string)).collect()
}

/// A mapping is one palette without a switch, a list has a switch (Material, `partials/palette`).
fn palette(value: Option<&Value>) -> (Value, bool) {
    let (entries, is_list): (Vec<&Value>, bool) = match value {
        Some(Value::Array(list)) => (list.iter().collect(), true),
        Some(map @ Value::Object(_)) => (vec![map], false),
        _ => (Vec::new(), false),
    };
    let completed = entries.into_iter().map(|entry| {
        let word = |key: &str, default: &str| {
            let given = entry.get(key).and_then(Value::as_str).filter(|word| !word.is_empty());
            given.unwrap_or(default).replace(' ', "-")
        };
        let scheme = word("scheme", "default");
        let media = entry.get("media").and_then(Value::as_str).unwrap_or_default();
        let toggle = entry.get("toggle").and_then(Value::as_object).map(|toggle| {
            let word = |key: &str| toggle.get(key).and_then(Value::as_str).unwrap_or_default();
            let drawn = match (scheme.as_str(), media) {
                (_, "(prefers-color-scheme)") => "ob/auto",
                ("slate", _) => "ob/moon",
                _ => "ob/sun",
            };
            json!({"icon": word("icon"), "name": word("name"), "drawn": drawn})
        });
        json!({
            "media": media,
            "scheme": scheme,
            "primary": word("primary", "indigo"),
            "accent": word("accent", "indigo"),
            "toggle": toggle,
        })
    });
    (completed.collect(), is_list)
}

fn font(value: Option<&Value>) -> Value {
    match value {
        Some(Value::Object(font)) => Value::Object(font.clone()),
        _ => Value::Bool(false),
    }
}

const ROLES: [(&str, &str); 13] = [
    ("alternate", "ob/translate"),
    ("close", "ob/close"),
    ("edit", "ob/edit"),
    ("logo", "ob/book"),
    ("menu", "ob/menu"),
    ("next", "ob/arrow-right"),
    ("previous", "ob/arrow-left"),
    ("repo", "ob/repo"),
    ("search", "ob/magnify"),
    ("share", "ob/share"),
    ("top", "ob/arrow-up"),
    ("view", "ob/view"),
    ("annotation", "ob/plus-circle"),
];

/// Fills in the icon of every role that has none, or one that does not exist.
fn roles(mut icons: Map<String, Value>, own: &Icons) -> Map<String, Value> {
    for (role, drawn) in ROLES {
        let is_known = icons.get(role).and_then(Value::as_str).is_some_and(|name| own.svg(name).is_some());
        if !is_known {
            icons.insert(role.to_string(), json!(drawn));
        }
    }
    icons
}

/// Returns the style element that gives the user's icons to admonitions, annotations and tags, or
/// nothing.
fn icon_style(icons: &Map<String, Value>, own: &Icons) -> String {
    let mut root = String::new();
    let mut tags = String::new();
    let url = |name: &Value| name.as_str().and_then(|name| own.svg(name)).map(|svg| icon::css_url(&svg));
    for (kind, name) in icons.get("admonition").and_then(Value::as_object).into_iter().flatten() {
        if let (Some(url), true) = (url(name), is_word(kind)) {
            root.push_str(&format!("--md-admonition-icon--{kind}:{url};"));
        }
    }
    if let Some(url) = icons.get("annotation").and_then(url) {
        root.push_str(&format!("--md-annotation-icon:{url};"));
    }
    for (kind, name) in icons.get("tag").and_then(Value::as_object).into_iter().flatten() {
        if let (Some(url), true) = (url(name), is_word(kind)) {
            let modifier = if kind == "default" { String::new() } else { format!(".md-tag--{kind}") };
            tags.push_str(&format!(".md-tag{modifier}{{--md-tag-icon:{url}}}"));
        }
    }
    if root.is_empty() && tags.is_empty() {
        return String::new();
    }
    format!("<style>:root{{{root}}}{tags}</style>")
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|ch| ch.is_alphanumeric() || ch == '-' || ch == '_')
}

/// Returns the `<style>` element that names the user's fonts, which are used where they are
/// installed: no page asks another host for a font.
pub(super) fn font_style(theme: &Value) -> String {
    let name = |key: &str| theme["font"].get(key).and_then(Value::as_str).map(engine::escape);
    let rule = |property: &str, font: Option<String>| {
        font.map_or_else(String::new, |font| format!("{property}:\"{}\";", font.replace(['\\', ';', '}'], "")))
    };
    let rules = rule("--md-text-font", name("text")) + &rule("--md-code-font", name("code"));
    if rules.is_empty() { rules } else { format!("<style>:root{{{rules}}}</style>") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_palette_has_no_switch_and_a_list_has() {
        let (_, one) = complete(&json!({"palette": {"primary": "deep purple"}}), &Icons::default());
        assert_eq!(one["palette"][0]["primary"], "deep-purple");
        assert_eq!(one["palette"][0]["scheme"], "default");
        assert_eq!(one["palette_switch"], false);
        let (_, list) = complete(&json!({"palette": [{"scheme": "slate"}]}), &Icons::default());
        assert_eq!(list["palette_switch"], true);
        assert_eq!(complete(&Value::Null, &Icons::default()).1["palette"], json!([]));
    }

    #[test]
    fn what_the_user_gave_for_his_own_templates_stays() {
        let (options, theme) = complete(&json!({"features": ["navigation.tabs"], "mine": 3}), &Icons::default());
        assert!(options.has("navigation.tabs") && !options.has("navigation.top"));
        assert_eq!(theme["mine"], 3);
        assert_eq!(theme["icon"]["menu"], "ob/menu");
    }

    #[test]
    fn fonts_are_named_and_never_fetched() {
        let (_, theme) = complete(&json!({"font": {"text": "Fira Sans"}}), &Icons::default());
        assert_eq!(font_style(&theme), "<style>:root{--md-text-font:\"Fira Sans\";}</style>");
        assert_eq!(font_style(&complete(&json!({"font": false}), &Icons::default()).1), "");
    }
}
