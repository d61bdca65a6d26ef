//! The part of `manage::embed!` that looks into the folder.
//!
//! It is called by that macro only, with the path of the crate `manage` and the folder's name. It needs no parser of
//! Rust: what it is given is one word and one string.

use std::path::{Path, PathBuf};

use proc_macro::{Delimiter, Group, Literal, Punct, Spacing, TokenStream, TokenTree};

/// The files of a folder, compiled in: `$crate, "migrations"`.
#[proc_macro]
pub fn compiled(input: TokenStream) -> TokenStream {
    let mut tokens = input.into_iter();
    let (Some(manage), Some(_comma), Some(folder)) = (tokens.next(), tokens.next(), tokens.next()) else {
        return fail("write manage::embed!(\"migrations\")");
    };
    match text(&folder).and_then(|folder| expand(manage, &folder)) {
        Ok(code) => code,
        Err(message) => fail(&message),
    }
}

fn expand(manage: TokenTree, folder: &str) -> Result<TokenStream, String> {
    let base =
        std::env::var("CARGO_MANIFEST_DIR").map_err(|_| "CARGO_MANIFEST_DIR is not set: build it with cargo".to_owned())?;
    let root = Path::new(&base).join(folder);
    if !root.is_dir() {
        return Err(format!("there is no folder {} ({folder}, from the folder of Cargo.toml)", root.display()));
    }
    let mut files = Vec::new();
    collect(&root, "", &mut files)?;
    files.sort();
    let mut list = TokenStream::new();
    for (name, path) in files {
        let path = path.to_str().ok_or_else(|| format!("the path {} is not UTF-8", path.display()))?;
        // The text is read by the compiler, which builds anew when it changes.
        let mut pair = TokenStream::from_iter([TokenTree::from(Literal::string(&name)), Punct::new(',', Spacing::Alone).into()]);
        pair.extend(parsed("::core::include_str!")?);
        pair.extend([group(Delimiter::Parenthesis, TokenStream::from(TokenTree::from(Literal::string(path))))]);
        list.extend([group(Delimiter::Parenthesis, pair), Punct::new(',', Spacing::Alone).into()]);
    }
    let root = root.to_str().ok_or_else(|| format!("the path {} is not UTF-8", root.display()))?;
    let mut arguments = TokenStream::from_iter([
        TokenTree::from(Literal::string(folder)),
        Punct::new(',', Spacing::Alone).into(),
        Punct::new('&', Spacing::Alone).into(),
        group(Delimiter::Bracket, list),
        Punct::new(',', Spacing::Alone).into(),
    ]);
    // Where the files came from is known to a debug build, to notice files that were added since.
    let debug = format!(
        "if ::core::cfg!(debug_assertions) {{ ::core::option::Option::Some({root:?}) }} else {{ ::core::option::Option::None }}"
    );
    arguments.extend(parsed(&debug)?);
    let mut code = TokenStream::from(manage);
    code.extend(parsed("::embed::Migrations::compiled")?);
    code.extend([group(Delimiter::Parenthesis, arguments)]);
    Ok(code)
}

/// Name and path of each file that a layout may read: SQL and metadata, without what is hidden or archived. Keep it in
/// step with `listed` in `src/project/migrations/tree.rs`, which notices files that were added since.
fn collect(folder: &Path, below: &str, files: &mut Vec<(String, PathBuf)>) -> Result<(), String> {
    let trouble = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(trouble)? {
        let path = entry.map_err(trouble)?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| format!("the name of {} is not UTF-8", path.display()))?;
        if name.starts_with('.') || (below.is_empty() && name == "archive") {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{below}{name}/"), files)?;
        } else if name == "metadata.toml" || name.to_ascii_lowercase().ends_with(".sql") {
            files.push((format!("{below}{name}"), path));
        }
    }
    Ok(())
}

/// The text of a plain string literal, which may stand in a group without delimiters.
fn text(token: &TokenTree) -> Result<String, String> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            group.stream().into_iter().next().map_or_else(|| Err("name a folder".to_owned()), |token| text(&token))
        }
        TokenTree::Literal(literal) => {
            let written = literal.to_string();
            let inner = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            match inner {
                Some(inner) if !inner.contains('\\') => Ok(inner.to_owned()),
                _ => Err("name the folder as a plain string, with slashes: manage::embed!(\"db/migrations\")".to_owned()),
            }
        }
        _ => Err("name the folder as a string: manage::embed!(\"migrations\")".to_owned()),
    }
}

fn group(delimiter: Delimiter, tokens: TokenStream) -> TokenTree {
    Group::new(delimiter, tokens).into()
}

fn parsed(code: &str) -> Result<TokenStream, String> {
    code.parse().map_err(|error: proc_macro::LexError| error.to_string())
}

fn fail(message: &str) -> TokenStream {
    format!("::core::compile_error!({message:?})").parse().unwrap_or_default()
}
