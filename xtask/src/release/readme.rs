//! READMEs as the page of a registry or a code host shows them: a link that only rustdoc resolves is
//! shown as brackets there.

use crate::{files::read, metadata::Package};

pub(super) fn complaints(package: &Package) -> Result<Vec<String>, String> {
    let text = read(&package.folder.join("README.md"))?;
    Ok(dead_links(&text)
        .into_iter()
        .map(|link| {
            format!("{}: README.md: {link} is a link that only rustdoc resolves", package.name)
        })
        .collect())
}

/// The links of `text` without an address: no address of their own, and no definition of one.
fn dead_links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
            continue;
        }
        let definition = line.starts_with('[') && line.contains("]: ");
        if code || definition {
            continue;
        }
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("[`") {
            let Some((name, behind)) = after.split_once("`]") else { break };
            rest = behind;
            let defined = text.contains(&format!("\n[`{name}`]: http"));
            if !behind.starts_with('(') && !defined {
                found.push(format!("[`{name}`]"));
            }
        }
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("](") {
            let Some((address, behind)) = after.split_once(')') else { break };
            rest = behind;
            if address.contains("::") {
                found.push(format!("({address})"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::dead_links;

    #[test]
    fn links_without_an_address_are_found() {
        let text = "See [`Dead`], [`Alive`] and [`own`](https://example.com), [words](a::b).\n\
                    ```\n[`code`]\n```\n\
                    \n[`Alive`]: https://example.com\n";
        assert_eq!(dead_links(text), ["[`Dead`]", "(a::b)"]);
    }
}
