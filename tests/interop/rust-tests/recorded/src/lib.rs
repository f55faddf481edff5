//! The attribute of the tests.

use proc_macro::{Ident, TokenStream, TokenTree};

/// Runs a test with a context, on a runtime of its own. What it says of recordings does not matter.
#[proc_macro_attribute]
pub fn test(_modes: TokenStream, item: TokenStream) -> TokenStream {
    let mut name = None;
    let mut after_fn = false;
    let renamed: TokenStream = item
        .into_iter()
        .map(|token| match token {
            TokenTree::Ident(ident) if after_fn && name.is_none() => {
                let inner = Ident::new(&format!("{ident}_with_context"), ident.span());
                name = Some((ident, inner.clone()));
                TokenTree::Ident(inner)
            }
            token => {
                after_fn = matches!(&token, TokenTree::Ident(word) if word.to_string() == "fn");
                token
            }
        })
        .collect();
    let (name, inner) = name.expect("the attribute is on a function");
    let test: TokenStream = format!(
        "#[::tokio::test] async fn {name}() -> ::azure_core::Result<()> {{
            {inner}(::azure_core_test::TestContext::default()).await
        }}"
    )
    .parse()
    .expect("a function");
    renamed.into_iter().chain(test).collect()
}
