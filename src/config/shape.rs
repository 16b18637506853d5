//! The shape of the configuration, as the types of this room have it: which keys there are, what each holds, and what is
//! said about it. Made once from the schema of [`Config`]; the check, the environment and the reference read it.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::Config;
use super::kind::Kind;

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A table with these keys and no others.
    Table(Vec<Key>),
    /// A table whose key `kind` says which keys it has.
    Tagged(Vec<(String, Vec<Key>)>),
    /// A text for each language.
    ByLanguage(Box<Shape>),
    /// Something for each domain of the internet.
    ByDomain(Box<Shape>),
    /// A text for each of some paths.
    ByPath,
    /// A list of at least so many.
    List(Box<Shape>, usize),
    /// A text.
    Text(Option<Kind>),
    /// One of these words, each with what it means.
    Word(Vec<(String, String)>),
    /// A whole number between two others.
    Number(i64, i64),
    /// True or false.
    Flag,
    /// Any of these.
    Either(Vec<Shape>),
}

/// One key of a table.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Its name.
    pub(super) name: String,
    /// What it is for.
    pub(super) text: String,
    /// Whether it must be there.
    pub(super) required: bool,
    /// What holds where it is left out.
    pub(super) default: Option<Value>,
    /// How a value may look.
    pub(super) example: Option<Value>,
    /// What it holds.
    pub(super) shape: Shape,
}

static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    keys(settings.into_generator().into_root_schema_for::<Config>().as_value())
});

/// The keys of the whole configuration: its sections.
pub(super) fn sections() -> &'static [Key] {
    &KEYS
}

impl Shape {
    /// What it is, for people.
    pub(super) fn says(&self) -> String {
        match self {
            Shape::Table(_) | Shape::Tagged(_) => "table".to_owned(),
            Shape::ByLanguage(_) => "a table by language".to_owned(),
            Shape::ByDomain(of) => format!("table by domain: {}", of.says()),
            Shape::ByPath => "table by path".to_owned(),
            Shape::List(of, _) => format!("list: {}", of.says()),
            Shape::Text(None) => "text".to_owned(),
            Shape::Text(Some(kind)) => kind.says().to_owned(),
            Shape::Word(words) => words.iter().map(|(w, _)| format!("`{w}`")).collect::<Vec<_>>().join(" or "),
            Shape::Number(i64::MIN | 0, i64::MAX) => "number".to_owned(),
            Shape::Number(least, i64::MAX) => format!("number, at least {least}"),
            Shape::Number(least, most) => format!("number from {least} to {most}"),
            Shape::Flag => "true or false".to_owned(),
            Shape::Either(all) => all.iter().map(Shape::says).collect::<Vec<_>>().join(", or "),
        }
    }

    /// An example of it, where its kind has one.
    pub(super) fn example(&self) -> Option<Value> {
        match self {
            Shape::Text(Some(kind)) => Some(kind.example().into()),
            Shape::List(of, _) => of.example().map(|one| Value::Array(vec![one])),
            Shape::Word(words) => words.last().map(|(word, _)| word.as_str().into()),
            Shape::Number(least, _) => Some((*least).max(1).into()),
            Shape::Flag => Some(true.into()),
            Shape::Either(all) => all.first().and_then(Shape::example),
            Shape::Table(_)
            | Shape::Tagged(_)
            | Shape::ByLanguage(_)
            | Shape::ByDomain(_)
            | Shape::ByPath
            | Shape::Text(None) => None,
        }
    }

    fn of(schema: &Value) -> Shape {
        let words = |name: &str| schema.get(name).and_then(Value::as_array);
        if let Some(word) = word(schema) {
            return Shape::Word(vec![word]);
        }
        if let Some(all) = words("enum") {
            return Shape::Word(all.iter().filter_map(|w| Some((w.as_str()?.to_owned(), String::new()))).collect());
        }
        if let Some(all) = words("oneOf").or_else(|| words("anyOf")) {
            return Shape::either(all);
        }
        match kind_of(schema) {
            "object" => match schema.get("additionalProperties") {
                Some(_) if schema["format"] == "paths" => Shape::ByPath,
                Some(of) if schema["format"] == "domains" => Shape::ByDomain(Box::new(Shape::of(of))),
                Some(of) if of.is_object() => Shape::ByLanguage(Box::new(Shape::of(of))),
                _ => Shape::Table(keys(schema)),
            },
            "array" => {
                let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                Shape::List(Box::new(schema.get("items").map_or(Shape::Text(None), Shape::of)), least as usize)
            }
            "integer" => {
                let end = |name: &str| schema.get(name).and_then(Value::as_i64);
                Shape::Number(end("minimum").unwrap_or(i64::MIN), end("maximum").unwrap_or(i64::MAX))
            }
            "boolean" => Shape::Flag,
            _ => Shape::Text(schema.get("format").and_then(Value::as_str).and_then(Kind::of)),
        }
    }

    /// Several shapes in one: words, tables by `kind`, or whatever fits; what may also be left out is not counted.
    fn either(all: &[Value]) -> Shape {
        let all: Vec<&Value> = all.iter().filter(|one| kind_of(one) != "null").collect();
        if let Some(words) = all.iter().map(|one| word(one)).collect::<Option<Vec<_>>>() {
            return Shape::Word(words);
        }
        let tagged = |one: &&Value| Some((word(one.pointer("/properties/kind")?)?.0, keys(one)));
        if let Some(tables) = all.iter().map(tagged).collect::<Option<Vec<_>>>() {
            return Shape::Tagged(tables);
        }
        match all.as_slice() {
            [one] => Shape::of(one),
            several => Shape::Either(several.iter().map(|one| Shape::of(one)).collect()),
        }
    }
}

/// The first type that is not `null`.
fn kind_of(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(one)) => one,
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).find(|one| *one != "null").unwrap_or("null"),
        _ => "",
    }
}

fn word(schema: &Value) -> Option<(String, String)> {
    Some((schema.get("const")?.as_str()?.to_owned(), text(schema)))
}

fn text(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn keys(schema: &Value) -> Vec<Key> {
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let key = |(name, schema): (&String, &Value)| Key {
        name: name.clone(),
        text: text(schema),
        required: required.contains(&name.as_str()),
        default: schema.get("default").filter(|value| !value.is_null()).cloned(),
        example: schema.pointer("/examples/0").cloned(),
        shape: Shape::of(schema),
    };
    properties.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk<'k>(keys: &'k [Key], path: &str, each: &mut impl FnMut(&str, &'k Key)) {
        for key in keys {
            let path = format!("{path}.{}", key.name);
            each(&path, key);
            match &key.shape {
                Shape::Table(keys) => walk(keys, &path, each),
                Shape::Tagged(all) => all.iter().for_each(|(_, keys)| walk(keys, &path, each)),
                Shape::List(of, _) => match &**of {
                    Shape::Table(keys) => walk(keys, &path, each),
                    Shape::Tagged(all) => all.iter().for_each(|(_, keys)| walk(keys, &path, each)),
                    _ => {}
                },
                _ => {}
            }
        }
    }

    #[test]
    fn every_key_says_what_it_is_and_how_it_looks() {
        let mut count = 0;
        walk(sections(), "", &mut |path, key| {
            count += 1;
            let table = |shape: &Shape| matches!(shape, Shape::Table(_) | Shape::Tagged(_));
            if !path.ends_with(".kind") {
                assert!(!key.text.is_empty(), "{path} has no text");
            }
            match &key.shape {
                Shape::List(of, _) if table(of) => {}
                shape if table(shape) => {}
                shape => assert!(
                    key.example.is_some() || key.default.is_some() || shape.example().is_some(),
                    "{path} has neither default nor example"
                ),
            }
        });
        assert!(count > 60, "{count} keys");
    }
}
