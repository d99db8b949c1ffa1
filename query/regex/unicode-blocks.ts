/** Ranges of Unicode's blocks that texts are found in. */

const blocks = `Basic Latin 0-7F;Latin-1 Supplement 80-FF;Latin Extended-A 100-17F;Latin Extended-B 180-24F;IPA Extensions 250-2AF
Spacing Modifier Letters 2B0-2FF;Combining Diacritical Marks 300-36F;Greek and Coptic 370-3FF;Greek 370-3FF;Cyrillic 400-4FF
Cyrillic Supplement 500-52F;Armenian 530-58F;Hebrew 590-5FF;Arabic 600-6FF;Syriac 700-74F;Arabic Supplement 750-77F;Thaana 780-7BF
NKo 7C0-7FF;Samaritan 800-83F;Mandaic 840-85F;Arabic Extended-A 8A0-8FF;Devanagari 900-97F;Bengali 980-9FF;Gurmukhi A00-A7F
Gujarati A80-AFF;Oriya B00-B7F;Tamil B80-BFF;Telugu C00-C7F;Kannada C80-CFF;Malayalam D00-D7F;Sinhala D80-DFF;Thai E00-E7F
Lao E80-EFF;Tibetan F00-FFF;Myanmar 1000-109F;Georgian 10A0-10FF;Hangul Jamo 1100-11FF;Ethiopic 1200-137F;Cherokee 13A0-13FF
Unified Canadian Aboriginal Syllabics 1400-167F;Ogham 1680-169F;Runic 16A0-16FF;Tagalog 1700-171F;Khmer 1780-17FF
Mongolian 1800-18AF;Limbu 1900-194F;Balinese 1B00-1B7F;Phonetic Extensions 1D00-1D7F;Latin Extended Additional 1E00-1EFF
Greek Extended 1F00-1FFF;General Punctuation 2000-206F;Superscripts and Subscripts 2070-209F;Currency Symbols 20A0-20CF
Combining Diacritical Marks for Symbols 20D0-20FF;Combining Marks for Symbols 20D0-20FF;Letterlike Symbols 2100-214F
Number Forms 2150-218F;Arrows 2190-21FF;Mathematical Operators 2200-22FF;Miscellaneous Technical 2300-23FF
Control Pictures 2400-243F;Optical Character Recognition 2440-245F;Enclosed Alphanumerics 2460-24FF;Box Drawing 2500-257F
Block Elements 2580-259F;Geometric Shapes 25A0-25FF;Miscellaneous Symbols 2600-26FF;Dingbats 2700-27BF
Miscellaneous Mathematical Symbols-A 27C0-27EF;Supplemental Arrows-A 27F0-27FF;Braille Patterns 2800-28FF
Supplemental Arrows-B 2900-297F;Miscellaneous Mathematical Symbols-B 2980-29FF;Supplemental Mathematical Operators 2A00-2AFF
Miscellaneous Symbols and Arrows 2B00-2BFF;Glagolitic 2C00-2C5F;Latin Extended-C 2C60-2C7F;Coptic 2C80-2CFF
Georgian Supplement 2D00-2D2F;Cyrillic Extended-A 2DE0-2DFF;Supplemental Punctuation 2E00-2E7F;CJK Radicals Supplement 2E80-2EFF
Kangxi Radicals 2F00-2FDF;CJK Symbols and Punctuation 3000-303F;Hiragana 3040-309F;Katakana 30A0-30FF;Bopomofo 3100-312F
Hangul Compatibility Jamo 3130-318F;Kanbun 3190-319F;Bopomofo Extended 31A0-31BF;CJK Strokes 31C0-31EF
Katakana Phonetic Extensions 31F0-31FF;Enclosed CJK Letters and Months 3200-32FF;CJK Compatibility 3300-33FF
CJK Unified Ideographs Extension A 3400-4DBF;Yijing Hexagram Symbols 4DC0-4DFF;CJK Unified Ideographs 4E00-9FFF
Yi Syllables A000-A48F;Yi Radicals A490-A4CF;Cyrillic Extended-B A640-A69F;Latin Extended-D A720-A7FF;Javanese A980-A9DF
Latin Extended-E AB30-AB6F;Hangul Syllables AC00-D7AF;High Surrogates D800-DB7F;High Private Use Surrogates DB80-DBFF
Low Surrogates DC00-DFFF;Private Use Area E000-F8FF;CJK Compatibility Ideographs F900-FAFF
Alphabetic Presentation Forms FB00-FB4F;Arabic Presentation Forms-A FB50-FDFF;Variation Selectors FE00-FE0F;Vertical Forms FE10-FE1F
Combining Half Marks FE20-FE2F;CJK Compatibility Forms FE30-FE4F;Small Form Variants FE50-FE6F;Arabic Presentation Forms-B FE70-FEFF
Halfwidth and Fullwidth Forms FF00-FFEF;Specials FFF0-FFFF;Linear B Syllabary 10000-1007F;Gothic 10330-1034F
Musical Symbols 1D100-1D1FF;Mathematical Alphanumeric Symbols 1D400-1D7FF;Mahjong Tiles 1F000-1F02F;Domino Tiles 1F030-1F09F
Playing Cards 1F0A0-1F0FF;Enclosed Alphanumeric Supplement 1F100-1F1FF;Miscellaneous Symbols and Pictographs 1F300-1F5FF
Emoticons 1F600-1F64F;Ornamental Dingbats 1F650-1F67F;Transport and Map Symbols 1F680-1F6FF;Alchemical Symbols 1F700-1F77F
Geometric Shapes Extended 1F780-1F7FF;Supplemental Arrows-C 1F800-1F8FF;Supplemental Symbols and Pictographs 1F900-1F9FF
Chess Symbols 1FA00-1FA6F;Symbols and Pictographs Extended-A 1FA70-1FAFF;CJK Unified Ideographs Extension B 20000-2A6DF
CJK Unified Ideographs Extension C 2A700-2B73F;CJK Unified Ideographs Extension D 2B740-2B81F
CJK Compatibility Ideographs Supplement 2F800-2FA1F;Tags E0000-E007F;Variation Selectors Supplement E0100-E01EF
Supplementary Private Use Area-A F0000-FFFFF;Supplementary Private Use Area-B 100000-10FFFF`;

const plain = (name: string): string => name.toUpperCase().replace(/[ _]/g, '');

const byName = new Map<string, readonly [number, number]>(
  blocks.split(/[;\n]/).map((entry) => {
    const at = entry.lastIndexOf(' ');
    const [from = '', to = ''] = entry.slice(at + 1).split('-');
    return [plain(entry.slice(0, at)), [Number.parseInt(from, 16), Number.parseInt(to, 16)]];
  }),
);

/** First and last code point; names as in the standard, with spaces, underscores or nothing between the words. */
export function unicodeBlock(name: string): readonly [number, number] | undefined {
  return byName.get(plain(name));
}
