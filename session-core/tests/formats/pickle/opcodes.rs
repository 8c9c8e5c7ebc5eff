//! Every opcode, alone and in the company in which Python writes it.

use serde_json::{Value as Json, json};

use super::read;

fn int(number: i128) -> Json {
    json!({ "$int": number.to_string() })
}

fn float(text: &str) -> Json {
    json!({ "$float": text })
}

/// Checks pickles without their protocol and their end.
fn each(cases: impl IntoIterator<Item = (&'static [u8], Json)>) {
    for (pickle, expected) in cases {
        let whole = [pickle, b"."].concat();
        assert_eq!(read(&whole), Ok(expected), "{}", pickle.escape_ascii());
    }
}

/// The same for pickles that are refused.
fn refused<'a>(cases: impl IntoIterator<Item = (&'a [u8], &'a str)>) {
    for (pickle, reason) in cases {
        let read = read(&[pickle, b"."].concat());
        let named = read.as_ref().is_err_and(|error| error.contains(reason));
        assert!(named, "{}: {read:?}", pickle.escape_ascii());
    }
}

#[test]
fn integers_of_every_opcode_are_read() {
    each([
        (&b"I0\n"[..], int(0)),
        (b"I-123\n", int(-123)),
        (b"I9223372036854775807\n", int(i64::MAX.into())),
        (b"L-5L\n", int(-5)),
        (b"L5\n", int(5)),
        (b"K\xff", int(255)),
        (b"M\xff\xff", int(65535)),
        (b"J\0\0\0\x80", int(i32::MIN.into())),
        (b"J\xff\xff\xff\x7f", int(i32::MAX.into())),
        (b"\x8a\0", int(0)),
        (b"\x8a\x01\xff", int(-1)),
        (b"\x8a\x01\x80", int(-128)),
        (b"\x8a\x02\xff\0", int(255)),
        (b"\x8a\x02\0\xff", int(-256)),
        (b"\x8a\x05\xff\xff\xff\xff\xff", int(-1)),
        (b"\x8b\x03\0\0\0\x01\x02\x03", int(0x03_02_01)),
        (b"\x8a\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80", int(i128::MIN)),
        (b"\x8a\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", int(i128::MAX)),
        (
            b"\x8a\x11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80\0",
            json!({ "$bigint": "170141183460469231731687303715884105728" }),
        ),
        (
            b"\x8a\x11\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\xff",
            json!({ "$bigint": "-170141183460469231731687303715884105729" }),
        ),
        (
            b"\x8a\x12\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff",
            json!({ "$bigint": "-87112285931760246646623899502532662132736" }),
        ),
        (
            b"L170141183460469231731687303715884105728L\n",
            json!({ "$bigint": "170141183460469231731687303715884105728" }),
        ),
    ]);
    let not_decimal = ["", "-", "-0", "+1", "007", "0x1", "1_0", " 1", "1 ", "1.0", "1LL", "\u{661}"];
    for digits in not_decimal {
        for opcode in ["I", "L"] {
            refused([(format!("{opcode}{digits}\n").as_bytes(), "expected an integer at byte 0")]);
        }
    }
    refused([(&b"I5L\n"[..], "expected an integer")]);
}

#[test]
fn text_and_binary_floats_are_read() {
    each([
        (&b"F2.5\n"[..], float("2.5")),
        (b"F-0.0\n", float("-0.0")),
        (b"F1e+16\n", float("1e16")),
        (b"F5e-324\n", float("5e-324")),
        (b"Finf\n", float("inf")),
        (b"F-inf\n", float("-inf")),
        (b"Fnan\n", float("NaN")),
        (b"G\x3f\xb9\x99\x99\x99\x99\x99\x9a", float("0.1")),
        (b"G\xff\xf0\0\0\0\0\0\0", float("-inf")),
    ]);
    refused([
        (&b"F1e400\n"[..], "out of range"),
        (b"F\n", "expected a float"),
        (b"F1,5\n", "expected a float"),
        (b"G\0\0\0", "the data ends"),
    ]);
}

#[test]
fn constants_are_read_in_old_and_new_form() {
    each([
        (&b"N"[..], Json::Null),
        (b"I00\n", json!(false)),
        (b"I01\n", json!(true)),
        (b"\x88", json!(true)),
        (b"\x89", json!(false)),
    ]);
}

#[test]
fn text_of_every_opcode_is_read() {
    each([
        (&b"V\n"[..], json!("")),
        (b"Vmomo\n", json!("momo")),
        (b"V\xe9\xff\n", json!("éÿ")),
        (b"V\\u6e38\\u5ba2 \\U0001f600\n", json!("游客 😀")),
        (b"V\\u005cu0041\\u000a\n", json!("\\u0041\n")),
        (b"V\\\\u0041\\n\\\n", json!("\\\\u0041\\n\\")),
        (b"X\x03\0\0\0\xe6\xb8\xb8", json!("游")),
        (b"\x8c\x03\xe6\xb8\xb8", json!("游")),
        (b"\x8d\x03\0\0\0\0\0\0\0\xe6\xb8\xb8", json!("游")),
        (b"\x8c\0", json!("")),
    ]);
    refused([
        (&b"V\\u12\n"[..], "expected a text"),
        (b"V\\u12g4\n", "expected a text"),
        (b"V\\U0001f60\n", "expected a text"),
        (b"V\\ud83d\\ude00\n", "surrogate"),
        (b"V\\U00110000\n", "out of range"),
        (b"\x8c\x01\xff", "not UTF-8"),
        (b"\x8c\x03\xed\xa0\xbd", "not UTF-8"),
        (b"Vmomo", "the data ends"),
    ]);
}

#[test]
fn bytes_are_read_where_no_call_is_needed_for_them() {
    each([
        (&b"C\x02\0\xff"[..], json!({ "$bytes": "AP8=" })),
        (b"B\x02\0\0\0\0\xff", json!({ "$bytes": "AP8=" })),
        (b"\x8e\x02\0\0\0\0\0\0\0\0\xff", json!({ "$bytes": "AP8=" })),
        (b"\x96\x02\0\0\0\0\0\0\0\0\xff", json!({ "$bytes": "AP8=" })),
    ]);
    // pickle.dumps(b"\xff", 2) of Python 3
    refused([(
        &b"\x80\x02c_codecs\nencode\nq\0X\x02\0\0\0\xc3\xbfq\x01X\x06\0\0\0latin1q\x02\x86q\x03Rq\x04"[..],
        "a class or function by its name, `_codecs.encode`, at byte 2",
    )]);
}

#[test]
fn a_str_of_python_2_is_text_only_if_it_is_ascii() {
    each([
        (&b"S'momo'\n"[..], json!("momo")),
        (b"S\"it's\"\n", json!("it's")),
        (b"S''\n", json!("")),
        (
            b"S'\\\\ \\' \\\" \\n\\r\\t\\a\\b\\v\\f\\x41\\101\\0'\n",
            json!("\\ ' \" \n\r\t\u{7}\u{8}\u{b}\u{c}AA\0"),
        ),
        (b"S'\\q'\n", json!("\\q")),
        (b"S'\\xe6\\270\\xb8'\n", json!({ "$bytes": "5ri4" })),
        (b"U\x04momo", json!("momo")),
        (b"T\x04\0\0\0momo", json!("momo")),
        (b"U\x01\xff", json!({ "$bytes": "/w==" })),
    ]);
    refused([
        (&b"Smomo\n"[..], "in quotes"),
        (b"S'\n", "in quotes"),
        (b"S'momo\"\n", "in quotes"),
        (b"S'\\x4'\n", "an escape"),
        (b"S'\\xg0'\n", "an escape"),
        (b"S'\\'\n", "an escape"),
    ]);
}

#[test]
fn lists_tuples_dicts_and_sets_are_read() {
    each([
        (&b"]"[..], json!([])),
        (b"(NNl", json!([null, null])),
        (b"]NaNa", json!([null, null])),
        (b"](NNe", json!([null, null])),
        (b"](e", json!([])),
        (b")", json!({ "$tuple": [] })),
        (b"(NNt", json!({ "$tuple": [null, null] })),
        (b"N\x85", json!({ "$tuple": [null] })),
        (b"N\x88\x86", json!({ "$tuple": [null, true] })),
        (b"N\x88\x89\x87", json!({ "$tuple": [null, true, false] })),
        (b"}", json!({ "$dict": [] })),
        (b"(Va\nNd", json!({ "$dict": [["a", null]] })),
        (b"}Va\nNs", json!({ "$dict": [["a", null]] })),
        (b"}(Vb\nNVa\nNu", json!({ "$dict": [["b", null], ["a", null]] })),
        (b"}Va\nNsVb\nNsVa\n\x88s", json!({ "$dict": [["a", true], ["b", null]] })),
        (b"}K\x01K\x02\x86Ns", json!({ "$dict": [[{ "$tuple": [int(1), int(2)] }, null]] })),
        (b"\x8f(K\x02K\x01\x90", json!([int(2), int(1)])),
        (b"(K\x02K\x02\x91", json!([int(2)])),
        (b"}(K\x02\x91Ns", json!({ "$dict": [[[int(2)], null]] })),
    ]);
    refused([
        (&b"}]Ns"[..], "can't be a list"),
        (b"}}Ns", "can't be a map"),
        (b"}]\x85Ns", "can't be a tuple"),
        (b"}\x96\0\0\0\0\0\0\0\0Ns", "can't be a bytes"),
        (b"(]\x91", "can't be a list"),
        (b"(Nd", "a value for each key"),
        (b"}(Nu", "a value for each key"),
        (b"}Na", "added to"),
        (b"]NNs", "added to"),
        (b")Na", "added to"),
        (b"NNa", "added to"),
        (b"(N\x91(N\x90", "added to"),
    ]);
}

#[test]
fn the_stack_and_its_marks_are_those_of_python() {
    each([
        (&b"NK\x010"[..], Json::Null),
        (b"N(K\x01K\x021", Json::Null),
        (b"N(0", Json::Null),
        (b"K\x012\x86", json!({ "$tuple": [int(1), int(1)] })),
        // what is left below the value at the end is nobody's concern
        (b"NN\x88", json!(true)),
        (b"\x80\x05\x95\x01\0\0\0\0\0\0\0N", Json::Null),
        (b"\x80\0N", Json::Null),
    ]);
    refused([
        (&b""[..], "a value on the stack"),
        (b"0", "a value on the stack"),
        (b"2", "a value on the stack"),
        (b"N(", "a value on the stack"),
        (b"N(2", "a value on the stack"),
        (b"N\x86", "more values on the stack"),
        (b"N(N\x86", "more values on the stack"),
        (b"](NNa", "added to"),
        (b"](Na", "a value on the stack"),
        (b"t", "a mark"),
        (b"1", "a mark"),
        (b"(t(e", "added to"),
        (b"\x80\x06N", "a protocol"),
        (b"\x80\xffN", "a protocol"),
        (b"\x95\x03\0\0\0\0\0\0\0N", "the data ends"),
        (b"\xff", "an opcode"),
        (b"\0", "an opcode"),
        (b"{}", "an opcode"),
    ]);
    assert!(read(b"N").unwrap_err().contains("the data ends"));
    assert!(read(b"N..").unwrap_err().contains("goes on after its end at byte 2"));
}

#[test]
fn remembered_values_are_found_under_every_kind_of_number() {
    each([
        (&b"Va\np7\ng7\n\x86"[..], json!({ "$tuple": ["a", "a"] })),
        (b"Va\nq\x07h\x07\x86", json!({ "$tuple": ["a", "a"] })),
        (b"Va\nr\0\0\0\x80j\0\0\0\x80\x86", json!({ "$tuple": ["a", "a"] })),
        // MEMOIZE counts what is remembered, whatever the numbers were
        (b"Va\nq\x07Vb\n\x94h\x01\x87", json!({ "$tuple": ["a", "b", "b"] })),
        (b"Va\nq\0Vb\nq\0h\0\x87", json!({ "$tuple": ["a", "b", "b"] })),
        // the list is filled after it has been put into the dict
        (b"}Vl\n]q\0sh\0Na0", json!({ "$dict": [["l", [null]]] })),
        (b"]q\0h\0\x86q\x01h\0Na0", json!({ "$tuple": [[null], [null]] })),
    ]);
    refused([
        (&b"g0\n"[..], "a value that is remembered"),
        (b"Nq\0h\x01", "a value that is remembered"),
        (b"p0\n", "a value on the stack"),
        (b"N(p0\n", "a value on the stack"),
        (b"\x94", "a value on the stack"),
        (b"Np-1\n", "the number of a remembered value"),
        (b"Np4294967296\n", "the number of a remembered value"),
    ]);
}

#[test]
fn whatever_is_more_than_data_is_refused_and_named() {
    refused([
        (&b"cos\nsystem\n"[..], "a class or function by its name, `os.system`, at byte 0"),
        (b"cbuiltins\ndict\n)R", "`builtins.dict`"),
        (b"\x8c\x02os\x8c\x06system\x93", "a class or function by its name, `os.system`, at byte 12"),
        (b"cdatetime\ndate\n", "`datetime.date`"),
        (b"cdatetime\ndatetime.now\n", "`datetime.datetime.now`"),
        (b"\x8c\x02a \x8c\x06secret\x93", "a class or function by its name at byte 12"),
        (b"N)R", "expected a class at byte 2"),
        (b"(ios\nsystem\n", "an object of a class"),
        (b"(No", "an object of a class"),
        (b"N)\x81", "expected a class at byte 2"),
        (b"N)}\x92", "an object of a class"),
        (b"N}b", "an object that has a state"),
        (b"\x82\x01", "a class or function by its number"),
        (b"\x83\x01\0", "a class or function by its number"),
        (b"\x84\x01\0\0\0", "a class or function by its number"),
        (b"Pid\n", "an object known by a persistent id"),
        (b"NQ", "an object known by a persistent id"),
        (b"\x97", "a buffer outside the pickle"),
        (b"N\x98", "a buffer outside the pickle"),
    ]);
}
