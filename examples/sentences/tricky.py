"""Strings that tell tokenizers apart, for data/tokens.json."""

TRICKY = [
    # Nothing, and what comes to nothing
    "", " ", "\t\r\n", "\0", "\ufeff", "\u200b\u200d\u2060", "\u00ad", "\ufffd", "\u0301", "\u3000\u2028\u2029\u00a0",
    # Case and accents, composed and decomposed, and characters that lower case changes the length of
    "The quick brown fox JUMPED over 13 lazy dogs.", "Café crème, naïve façade", "Cafe\u0301 cre\u0300me",
    "ÀÉÎÕÜ àéîõü ÅÆØ åæø ß ẞ", "İstanbul ıssız Iğdır", "ΑΒΓ Σίσυφος ΣΊΣΥΦΟΣ ς", "ǅ ǈ Ǌ Ω K Å", "Ṩ ṩ ớ ậ Ự",
    "Zalgo\u0300\u0301\u0302\u0303\u0316\u0317 te\u0335\u0338xt", "e\u0301\u0323 vs e\u0323\u0301",
    # Compatibility forms, which BERT leaves as they are
    "ﬁne ﬂow ½ ² ™ ℃ Ⅷ ①", "ＦＵＬＬ ｗｉｄｔｈ １２３", "ｶﾀｶﾅ",
    # Chinese, Japanese, Korean
    "我爱北京天安门", "mixed中文and英文words", "東京タワーへ行きました。", "한국어 문장입니다", "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "𠀀𪜀𫝀𫠡 豈 丽", "〆〇々", "你好,世界!",
    # Other scripts, and several in one word
    "Привет, мир! Ёлка й", "Ελληνικά άέήίόύώ", "مرحبا بالعالم، ١٢٣", "שָׁלוֹם עוֹלָם", "नमस्ते दुनिया।", "สวัสดีชาวโลก", "ကမ္ဘာ",
    "Аpple with a Cyrillic А", "αβγdefжзи", "abcअआइxyz",
    # Punctuation and symbols
    "don't stop—it's 50% off!!!", "a.b,c;d:e?f!g", "$5.00 + €7 = £9 ~ ¥3 ^ `x` | <y>", "“curly” ‘quotes’ … – — ‽ ⸘",
    "http://example.com/a_b?c=d&e=f#g", "user@example.com", "C++ & C# 3.14 1,000,000 -5", "([{<>}])\\/", "##ing # ##", "_underscored__words_",
    "¿Qué? ¡Hola!", "« guillemets » ‹›", "、。「」『』", "÷ × ± ∑ ∞ √ ≠",
    # Emoji: modifiers, joined ones, flags, keycaps
    "I ❤️ you 😀😂", "👍🏽 👨‍👩‍👧‍👦 🇩🇪 1️⃣", "word😀word", "☃☂★ ♥",
    # Whitespace and control characters
    "  many   spaces\tand\ttabs \n lines ", "non\u00a0breaking\u2003em\u3000wide", "a\0b\x01c\x1fd\x7fe\x80f\x9fg", "soft\u00adhyphen",
    "zero\u200bwidth\u200djoin\u2060er", "left\u200eto\u202eright", "form\x0cfeed\x0bvertical\x1cseparator\x85next",
    "private \ue000 use \U000f0000", "not a character \ufdd0 \uffff \U0010ffff", "tag \U000e0041\U000e007f",
    # The vocabulary's special tokens as text
    "[CLS]", "a [SEP] b", "[MASK]ed", "x[UNK]y[PAD]z", "[cls] [Sep] [ MASK ]", "[[CLS]]", "[unused0] [unused1]",
    # Pieces of words, and words without any
    "unaffable", "antidisestablishmentarianism", "supercalifragilisticexpialidocious", "tokenization embeddings", "xqzvjk",
    "Donaudampfschifffahrtsgesellschaftskapitän", "pneumonoultramicroscopicsilicovolcanoconiosis", "1234567890" * 4,
    "a" * 99, "a" * 100, "a" * 101, "é" * 100, "é" * 101, "e\u0301" * 100, "e\u0301" * 101, "b" + "\u0301" * 300, "x" * 101 + " y",
    "a" * 100 + "." + "b" * 101, "字" * 150, "ǆ" * 101,
]

# A piece of text, and how often it is repeated.
LONG = [("a", 100000), ("a ", 50000), ("é. ", 30000), ("\u0301", 100000), ("a\u0316\u0301", 30000), ("\u0301\u0316", 50000),
        ("[MASK]", 17000), ("[", 100000), ("字", 33000), ("\0", 100000), (" ", 100000), ("😀", 100000)]
