//! [`explain_mismatch`], the comparison of two strings to sign.

mod pasted;
mod request;
mod sas;
mod words;

use request::Request;
use words::value;

/// Says in words where the string that we signed first differs from the one that the service signed,
/// or `None` when they are equal (then the key is wrong).
///
/// `ours` comes from [`string_to_sign`](crate::string_to_sign) or one of its siblings. `theirs` is
/// the service's, as it stands in `AuthenticationErrorDetail` of the answer: the whole text or only
/// the string. It is taken as people paste it: from XML with its entities, from a log in JSON with
/// `\n` for line ends, with the line ends of Windows, with or without quotes. When a browser has
/// turned the line ends into blanks, the words are compared. The strings hold no signature, but query
/// values.
///
/// ```
/// use queue_auth::explain_mismatch;
///
/// let ours = "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:now\n/contoso/jobs";
/// let theirs = "PUT\n\n\n0\n\n\n\n\n\n\n\n\nx-ms-date:now\n/contoso/jobs";
/// assert_eq!(
///     explain_mismatch(ours, theirs).as_deref(),
///     Some("the service saw Content-Length \"0\", we signed nothing"),
/// );
/// ```
pub fn explain_mismatch(ours: &str, theirs: &str) -> Option<String> {
    if ours == theirs {
        return None;
    }
    // Ours comes from us: an entity in it is one that was signed.
    let ours = pasted::readings(ours).into_iter().next().unwrap_or_default();
    let readings = pasted::readings(theirs);
    let is_ours = |reading: &String| *reading == ours || reading.trim_end() == ours;
    if readings.iter().any(is_ours) {
        return None;
    }
    let literal = ours.contains("&amp;");
    let theirs = if literal { readings.first() } else { readings.last() };
    let theirs = theirs.map(String::as_str).unwrap_or_default();
    if !theirs.contains('\n') {
        return compare_words(&ours, theirs);
    }
    let (ours, theirs) = (Parsed::of(&ours), Parsed::of(theirs));
    Some(match (&ours, &theirs) {
        (Parsed::Request(ours), Parsed::Request(theirs)) => ours.compare(theirs),
        (Parsed::Sas(ours), Parsed::Sas(theirs)) => sas::compare(ours, theirs),
        _ => "we and the service signed by different schemes: one for a request, the other for a \
              shared access signature"
            .to_owned(),
    })
}

/// Compares what a browser leaves of a string: its words.
fn compare_words(ours: &str, theirs: &str) -> Option<String> {
    // Every string to sign names a resource.
    if !theirs.contains('/') {
        return Some("the text of the service holds no string to sign".to_owned());
    }
    let (mut ours, mut theirs) = (ours.split_whitespace(), theirs.split_whitespace());
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return None,
            (ours, theirs) if ours == theirs => {}
            (ours, theirs) => {
                let said = value("", theirs.unwrap_or_default(), ours.unwrap_or_default());
                return Some(format!("{said}; the line ends of the service's text are lost"));
            }
        }
    }
}

enum Parsed<'a> {
    Request(Request<'a>),
    Sas(Vec<&'a str>),
}

impl<'a> Parsed<'a> {
    fn of(text: &'a str) -> Self {
        let lines: Vec<&str> = text.split('\n').collect();
        let method = lines.first().copied().unwrap_or_default();
        if pasted::METHODS.contains(&method) {
            Self::Request(Request::of(method, lines.get(1..).unwrap_or_default()))
        } else if let [date, path] = &*lines
            && path.starts_with('/')
            && httpdate::parse_http_date(date).is_ok()
        {
            Self::Request(Request::of_table_lite(date, path))
        } else {
            Self::Sas(lines)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::words::ANOTHER_SERVICE;
    use super::*;

    const FIXED: &str = "PUT\n\n\n12\n\n\n\n\n\n\n\n\n";

    fn explain(ours: &str, theirs: &str) -> String {
        explain_mismatch(&format!("{FIXED}{ours}"), &format!("{FIXED}{theirs}")).unwrap_or_default()
    }

    #[test]
    fn equal() {
        assert_eq!(explain_mismatch("GET\n\n\n\n/a/", "GET\n\n\n\n/a/"), None);
        let detail = "The MAC signature found in the HTTP request 'x' is not the same as any \
                      computed signature. Server used following string to sign: 'GET\n\n\n\n/a/'.";
        assert_eq!(explain_mismatch("GET\n\n\n\n/a/", detail), None);
    }

    #[test]
    fn headers() {
        assert_eq!(
            explain("x-ms-date:a\n/c/q", "x-ms-date:a\nx-ms-x:1\n/c/q"),
            "the service saw header x-ms-x \"1\", we did not sign it"
        );
        assert_eq!(
            explain("x-ms-date:a\nx-ms-x:1\n/c/q", "x-ms-date:a\n/c/q"),
            "we signed header x-ms-x, the service did not see it"
        );
        assert_eq!(
            explain("x-ms-meta-a: 1\n/c/q", "x-ms-meta-a:1\n/c/q"),
            "the service saw header x-ms-meta-a \"1\", we signed \" 1\""
        );
        assert_eq!(
            explain("x-ms-i0:1\nx-ms-i_:2\n/c/q", "x-ms-i_:2\nx-ms-i0:1\n/c/q"),
            "the order differs: the service has header x-ms-i_ where we signed x-ms-i0"
        );
    }

    #[test]
    fn resource() {
        assert_eq!(
            explain("/c/q\ncomp:acl", "/c/q2\ncomp:acl"),
            "the service saw the path \"/c/q2\", we signed \"/c/q\""
        );
        assert_eq!(
            explain("/c/q\ncomp:acl", "/c/q\ncomp:acl\ntimeout:30"),
            "the service saw query parameter timeout \"30\", we did not sign it"
        );
    }

    #[test]
    fn schemes() {
        assert_eq!(
            explain_mismatch(
                "GET\n\n\n\nx-ms-date:a\n/c/",
                "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:a\n/c/"
            ),
            Some("we signed by Shared Key Lite, the service by Shared Key".to_owned())
        );
        assert_eq!(
            explain_mismatch(
                "r\n\nb\n/queue/c/q\n\n\n\n2025-07-05",
                "r\n\na\n/queue/c/q\n\n\n\n2025-07-05"
            ),
            Some("the service saw se \"a\", we signed \"b\"".to_owned())
        );
    }

    #[test]
    fn as_people_paste_them() {
        let ours = format!("{FIXED}x-ms-date:a\n/c/q\nprefix:a&b");
        let escaped = ours.replace('\n', "\\n").replace('&', "\\u0026");
        for same in [
            ours.replace('\n', "\r\n"),
            ours.replace('&', "&amp;"),
            escaped.clone(),
            format!("\"{escaped}\""),
            format!("{ours}\n"),
            format!("{ours}\r\n  "),
            ours.replace('\n', " "),
        ] {
            assert_eq!(explain_mismatch(&ours, &same), None, "{same:?}");
        }
        let said = "the service saw Content-Length \"13\", we signed \"12\"";
        for other in [&ours, &escaped, &ours.replace('\n', "\r\n"), &ours.replace('&', "&amp;")] {
            assert_eq!(explain_mismatch(&ours, &other.replace("12", "13")).as_deref(), Some(said));
        }
        let browser = ours.replace('\n', " ").replace("12", "13");
        assert_eq!(
            explain_mismatch(&ours, &browser).as_deref(),
            Some(
                "the service saw \"13\", we signed \"12\"; the line ends of the service's text are \
                 lost"
            )
        );
        // An entity that was signed as one is a difference.
        let entity = ours.replace('&', "&amp;");
        assert_eq!(
            explain_mismatch(&entity, &ours).as_deref(),
            Some("the service saw query parameter prefix \"a&b\", we signed \"a&amp;b\"")
        );
        for none in ["", "403 Forbidden", "<Error><Code>AuthenticationFailed"] {
            assert_eq!(
                explain_mismatch(&ours, none).as_deref(),
                Some("the text of the service holds no string to sign")
            );
        }
    }

    #[test]
    fn strings_of_other_services() {
        const DATE: &str = "Wed, 23 Sep 2026 10:20:30 GMT";
        let ours = format!("{FIXED}x-ms-date:{DATE}\nx-ms-version:2026-02-06\n/c/q");
        let lite = format!("GET\n\n\n\nx-ms-date:{DATE}\nx-ms-version:2026-02-06\n/c/q");
        let table = format!("GET\n\napplication/json\n{DATE}\n/c/Tables()");
        let table_lite = format!("{DATE}\n/c/Tables()");
        for (ours, theirs, said) in [
            (&ours, &table, "we signed by Shared Key, the service by Shared Key for tables: "),
            (&lite, &table, "we signed by Shared Key Lite, the service by Shared Key for tables: "),
            (
                &ours,
                &table_lite,
                "we signed by Shared Key, the service by Shared Key Lite for tables: ",
            ),
            (&table, &lite, "we signed by Shared Key for tables, the service by Shared Key Lite: "),
        ] {
            let text = explain_mismatch(ours, theirs).unwrap_or_default();
            assert_eq!(text, format!("{said}{ANOTHER_SERVICE}"));
        }
        assert_eq!(
            explain_mismatch(&table_lite, &table_lite.replace("Tables", "jobs")).as_deref(),
            Some("the service saw the path \"/c/jobs()\", we signed \"/c/Tables()\"")
        );
        assert_eq!(
            explain_mismatch("r\n\nb\n/queue/c/q\n\n\n\nv", "r\n\nb\n/table/c/q\n\n\n\nv\n\n\n\n",),
            Some(format!(
                "we signed a shared access signature for queues, the service one for tables: \
                 {ANOTHER_SERVICE}"
            ))
        );
    }

    #[test]
    fn a_digest_that_starts_with_a_slash_is_no_path() {
        let theirs = "PUT\n\n\n12\n/bcdefghijklmnopqrstuv==\n\n\n\n\n\n\n\nx-ms-date:a\n/c/q";
        assert_eq!(
            explain_mismatch(&format!("{FIXED}x-ms-date:a\n/c/q"), theirs).as_deref(),
            Some("the service saw Content-MD5 \"/bcdefghijklmnopqrstuv==\", we signed nothing")
        );
    }

    #[test]
    fn account_signatures_with_and_without_their_last_line_end() {
        let ours = "contoso\nr\nq\ns\n\nb\n\n\n2026-02-06\n\n";
        assert_eq!(explain_mismatch(ours, ours.trim_end()), None);
        assert_eq!(
            explain_mismatch(ours, &ours.replace("\nb\n", "\nc\n")).as_deref(),
            Some("the service saw se \"c\", we signed \"b\"")
        );
    }
}
