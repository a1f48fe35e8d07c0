using System.Text.Json.Nodes;
using KmsOperator.Planning.Cel;
using Xunit;

namespace KmsOperator.UnitTests.Cel;

/// <summary>Expressions with the values that CEL's specification, Kubernetes' documentation or RE2's syntax says they have.</summary>
public sealed class CelTableTests
{
    private static readonly Dictionary<string, CelValue> Variables = new()
    {
        ["self"] = CelValue.Of(JsonNode.Parse("""
            {"name":"orders","empty":"","none":null,"count":3,"ratio":0.5,"big":9223372036854775807,"list":["a","b"],"numbers":[3,1,2],"nothing":[],
             "tags":{"a":"1","b-c":"2"},"namespace":"team","a.b":"dot","x/y":"slash","with__two":"underscores","on":true}
            """)),
    };

    // An expression that is true; why it is looked at.
    public static TheoryData<string, string> True => new()
    {
        { "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9", "* binds more than +" },
        { "10 - 3 - 2 == 5 && 100 / 10 / 2 == 5", "operators of one level are taken from the left" },
        { "-7 / 2 == -3 && -7 % 3 == -1", "division is towards zero, the rest has the sign of the first" },
        { "1 < 2 == true", "comparisons are of one level, from the left" },
        { "!false && true", "! binds most" },
        { "true || false && false", "&& binds more than ||" },
        { "false ? 1 == 2 : true ? 1 == 1 : 1 == 2", "a conditional's last part may be a conditional" },
        { "--3 == 3 && !!true", "several signs" },
        { "5 -3 == 2", "a minus behind a value is an operator" },
        { "-9223372036854775808 < 0", "the smallest int can be written" },
        { "0xFF == 255 && -0x10 == -16", "hexadecimal" },
        { "1u < 2u && 3u / 2u == 1u", "unsigned" },
        { "1.5e3 == 1500.0 && .5 == 0.5 && 2e-2 == 0.02", "doubles" },
        { "1 == 1.0 && 1u == 1 && 2 > 1.5 && 1u < 1.5", "numbers of different types are on one line" },
        { "9007199254740993 != 9007199254740992.0", "and are compared exactly" },
        { "1 != '1' && null != false && [] != {}", "values of different types are not equal" },
        { "{'a': 1, 'b': [1, 2]} == {'b': [1, 2.0], 'a': 1}", "maps are equal whatever the order" },
        { "{1: 'x'}[1u] == 'x' && 1.0 in {1: 'x'}", "a key is a number, whatever its type" },
        { "'a' + 'b' == 'ab' && [1] + [2] == [1, 2]", "joined" },
        { "'a' < 'b' && 'A' < 'a' && 'a' < 'aa' && 'a' < 'c'", "strings by code points" },
        { "'\\uFFFF' < '\\U00010000'", "not by UTF-16, in which the second begins with a smaller unit" },
        { "false < true", "false comes first" },
        { "size('\\U0001F511') == 1 && self.name.size() == 6", "sizes in code points" },
        { "size([1, 2]) == 2 && size({'a': 1}) == 1 && size(self.nothing) == 0", "sizes of lists and maps" },
        { "'\\x41\\101\\u0041\\U00000041' == 'AAAA'", "escapes by number" },
        { "'\\a\\b\\f\\n\\r\\t\\v\\\\\\?\\\"\\'\\`'.size() == 12", "escapes by letter" },
        { "r'\\d' == '\\\\d' && R\"\\\" == '\\\\'", "a raw string has no escapes" },
        { "'''a'b\nc''' == 'a\\'b\\nc' && \"\"\"a\"b\"\"\" == 'a\"b'", "three quotes" },
        { "1 == 1 // the rest is a comment\n && true", "comments" },
        { "[1, 2,] == [1, 2] && {'a': 1,} == {'a': 1}", "a comma behind the last" },
        { "'a' in ['a', 'b'] && !('c' in self.list) && 'a' in self.tags && !('1' in self.tags)", "in a list, and among the keys of a map" },
        { "self.list[1] == 'b' && self.tags['b-c'] == '2' && self.list[1u] == 'b' && self.list[1.0] == 'b'", "by index and by key" },
        { "has(self.empty) && has(self.nothing) && has(self.none) && !has(self.other)", "has is about being there, not about being empty" },
        { "has(self.tags.a) && !has(self.tags.c)", "has of a map's entry" },
        { "self.namespace == 'team' && self.__namespace__ == 'team'", "a reserved word is escaped in Kubernetes" },
        { "self.a__dot__b == 'dot' && self.x__slash__y == 'slash' && self.tags.b__dash__c == '2' && self.with__underscores__two == 'underscores'", "other escapes of Kubernetes" },
        { "has(self.a__dot__b) && !has(self.a__dot__c)", "escapes in has" },
        { "true || self.other == 1", "what is true already needs nothing behind it" },
        { "self.other == 1 || true", "nor in front of it" },
        { "!(false && self.other == 1) && !(self.other == 1 && false)", "the same with false and &&" },
        { "[1, 2].exists(x, x == 2 || self.other == x)", "an error in one item does no harm where another decides" },
        { "!self.list.all(x, x == 'b' && self.other == 1)", "the same with all" },
        { "self.list.all(x, x.size() == 1) && [].all(x, false)", "all, which holds of nothing" },
        { "!self.list.all(x, x == 'a') && self.list.exists(x, x == 'a') && ![].exists(x, true)", "all and exists" },
        { "self.list.exists_one(x, x == 'a') && !self.list.existsOne(x, x != '') && ![].exists_one(x, true)", "exactly one" },
        { "self.numbers.filter(x, x > 1) == [3, 2] && self.numbers.map(x, x * 2) == [6, 2, 4]", "filter and map" },
        { "self.numbers.map(x, x > 1, x * 2) == [6, 4]", "map of some" },
        { "self.tags.all(k, self.tags[k].size() == 1) && self.tags.exists(k, k == 'a') && self.tags.map(k, k).size() == 2", "maps are gone through by their keys" },
        { "[1, 2].all(x, [x].all(x, x > 0) && x > 0)", "an inner variable of the same name" },
        { "[[1], [2]].all(x, x.exists(y, y in x))", "nested" },
        { "self.name.startsWith('or') && self.name.endsWith('ers') && self.name.contains('rde') && self.name.contains('')", "parts of strings" },
        { "self.name.matches('^o.*s$') && self.name.matches('rde') && !matches(self.name, '^r')", "a match anywhere, unless the pattern says otherwise" },
        { "!'a\\n'.matches('a$') && 'a\\nb'.matches('(?m)a$')", "$ is the end, a line's end only with m" },
        { "!'\\u0663'.matches('^\\\\d$') && !'\\u00e9'.matches(r'^\\w$') && 'a_1'.matches(r'^[\\w]+$')", "classes are ASCII" },
        { "'a-[b'.matches('^[a-z[-]+$') && ']'.matches('^[]]$')", "brackets within brackets" },
        { "'ab12'.find('[0-9]+') == '12' && 'a1b2'.findAll('[0-9]') == ['1', '2'] && 'a1b2'.findAll('[0-9]', 1) == ['1'] && 'a'.find('b') == ''", "find" },
        { "'aBÉ'.lowerAscii() == 'abÉ' && 'aBé'.upperAscii() == 'ABé'", "ASCII alone" },
        { "'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'a'.split(',', 0) == [] && 'ab'.split('') == ['a', 'b']", "split" },
        { "['a', 'b'].join('-') == 'a-b' && ['a', 'b'].join() == 'ab' && [].join(',') == ''", "join" },
        { "'aaa'.replace('a', 'b') == 'bbb' && 'aaa'.replace('a', 'b', 2) == 'bba' && 'aaa'.replace('a', 'b', 0) == 'aaa'", "replace" },
        { "'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(0, 4) == 'taco' && 'a'.substring(1) == ''", "substring" },
        { "'tacocat'.indexOf('c') == 2 && 'tacocat'.lastIndexOf('c') == 4 && 'tacocat'.indexOf('c', 3) == 4 && 'a'.indexOf('x') == -1 && 'a'.indexOf('') == 0 && 'a'.indexOf('a', 1) == -1", "places in a string" },
        { "'\\U0001F511b'.indexOf('b') == 1 && '\\U0001F511b'.charAt(1) == 'b' && 'a'.charAt(1) == ''", "places are counted in code points" },
        { "'  a '.trim() == 'a'", "trim" },
        { "[1, 2, 2].isSorted() && !self.numbers.isSorted() && [].isSorted() && ['a', 'b'].isSorted()", "sorted" },
        { "self.numbers.sum() == 6 && [].sum() == 0 && [0.5, 0.5].sum() == 1.0", "sum" },
        { "self.numbers.min() == 1 && self.numbers.max() == 3 && ['b', 'a'].min() == 'a'", "the smallest and the largest" },
        { "self.numbers.indexOf(1) == 1 && [1, 1].lastIndexOf(1) == 1 && [1].indexOf(2) == -1", "places in a list" },
        { "int('-42') == -42 && int(3.9) == 3 && int(-3.9) == -3 && int(5u) == 5", "to int, towards zero" },
        { "double('1.5') == 1.5 && double(2) == 2.0 && uint(3) == 3u && bool('true') && !bool('0')", "to double, uint and bool" },
        { "string(1) == '1' && string(true) == 'true' && string(1.0) == '1' && string(0.1) == '0.1' && string(-12.5) == '-12.5'", "to string" },
        { "string(1e6) == '1e+06' && string(123456.0) == '123456' && string(1.5e-7) == '1.5e-07' && string(0.0001) == '0.0001'", "doubles as Go writes them" },
        { "type(1) == int && type('a') == string && type(null) == null_type && type([]) == list && type({}) == map && type(1.0) != type(1) && type(type(1)) == type", "types" },
        { "dyn(1) == 1", "dyn changes nothing" },
        { "self.count == 3 && self.ratio == 0.5 && self.big == 9223372036854775807 && type(self.count) == int && type(self.ratio) == double", "numbers of JSON" },
        { "self.?other.orValue('x') == 'x' && self.?name.orValue('x') == 'orders' && self.?tags.?a.value() == '1' && !self.?other.?deep.hasValue()", "optional fields" },
        { "self.tags[?'a'].hasValue() && !self.list[?9].hasValue() && self.list[?9].orValue('x') == 'x'", "optional items" },
        { "optional.of(1).optMap(x, x + 1).value() == 2 && !optional.none().optMap(x, x + 1).hasValue() && optional.none().or(optional.of(1)).value() == 1", "functions of optional values" },
        { "0.0 == -0.0 && !(0.0 / 0.0 == 0.0 / 0.0) && 0.0 / 0.0 != 1.0 && 1.0 / 0.0 > 1.0", "doubles as everywhere" },
    };

    [Theory, MemberData(nameof(True))]
    public void An_expression_is_true(string expression, string because) =>
        Assert.True(CelProgram.Parse(expression, "self").Evaluate(Variables) is CelBool { Value: true }, $"{because}: {CelProgram.Parse(expression, "self").Evaluate(Variables)}");

    // An expression that has no value, a part of the error, why.
    public static TheoryData<string, string, string> Errors => new()
    {
        { "self.other", "no such key: other", "a field that is not there" },
        { "self.nam == 'x'", "did you mean \"name\"", "and one that is nearly there" },
        { "self.tags['c']", "no such key: c", "a key that is not there" },
        { "self.list[2]", "index out of range: 2", "beyond the end" },
        { "self.list[-1]", "index out of range: -1", "before the beginning" },
        { "self.none.a", "null_type has no fields", "null has no fields" },
        { "has(self.name.a)", "string has no fields", "nor has a string, not even for has" },
        { "has(self.other.a)", "no such key: other", "has is about the last field alone" },
        { "self.name[0]", "string has no items by int", "a string is no list" },
        { "1 + 1.0", "+ does not take int and double", "numbers of different types are not mixed" },
        { "1 + '1'", "+ does not take int and string", "nor with strings" },
        { "9223372036854775807 + 1", "outside the range of int", "too large" },
        { "-(-9223372036854775807 - 1)", "outside the range of int", "too large with the other sign" },
        { "-9223372036854775808 / -1", "outside the range of int", "too large by division" },
        { "0u - 1u", "outside the range of uint", "too small" },
        { "1 / 0", "division by zero", "no result" },
        { "1 % 0", "division by zero", "no rest" },
        { "'a' < 1", "< does not take string and int", "no order" },
        { "self.name && true", "a bool is expected here, not string", "a string is no bool" },
        { "self.name || self.other", "a bool is expected here, not string", "where nothing decides, the first error counts" },
        { "self.count ? 1 : 2", "a bool is expected here, not int", "nor is a number" },
        { "!self.name", "! does not take string", "nor is there the opposite of a string" },
        { "-self.name", "- does not take string", "nor the negative" },
        { "self.list.all(x, self.other == x)", "no such key: other", "where nothing decides" },
        { "self.list.exists_one(x, x == 'a' || self.other == x)", "no such key: other", "exists_one needs each" },
        { "self.list.filter(x, self.other)", "no such key: other", "filter needs each" },
        { "self.list.map(x, self.other)", "no such key: other", "map needs each" },
        { "self.name.all(x, true)", "string has no items to go through", "a string is no list" },
        { "1 in 'abc'", "in does not take int and string", "in needs a list or a map" },
        { "self.count.startsWith('a')", "startsWith() does not take int and string", "a method of strings" },
        { "size(1)", "size() does not take int", "a number has no size" },
        { "int('1.5')", "\"1.5\" is no int", "no whole number" },
        { "int(1e19)", "outside the range of int", "too large" },
        { "uint(-1)", "outside the range of uint", "too small" },
        { "double('x')", "is no double", "no number" },
        { "bool('yes')", "\"yes\" is no bool", "YAML's words are not CEL's" },
        { "string([1])", "string() does not take list", "a list is no string" },
        { "self.name.matches(self.name + '(')", "is no regular expression", "a pattern that only evaluation shows" },
        { "'a'.substring(2)", "index out of range: 2", "beyond the end" },
        { "'abc'.substring(2, 1)", "cannot begin at 2 and end at 1", "backwards" },
        { "'a'.charAt(-1)", "index out of range: -1", "before the beginning" },
        { "[].max()", "max() of an empty list", "nothing" },
        { "[1, 'a'].max()", "string and int have no order", "no order" },
        { "['a'].sum()", "list of numbers", "no numbers" },
        { "[1].join(',')", "list of strings", "no strings" },
        { "'a'.replace('', 'b')", "not an empty one", "nothing to replace" },
        { "{'a': 1, 'a': 2}", "the key a twice", "no key stands twice" },
        { "{1.5: 1}", "double cannot be the key", "no double is a key" },
        { "optional.none().value()", "absent", "nothing there" },
        { "[1, 1 / 0][0]", "division by zero", "a list with an error is one" },
        { "(1 / 0 == 1 ? 1 : 2) == 1", "division by zero", "a conditional needs its condition" },
    };

    [Theory, MemberData(nameof(Errors))]
    public void An_expression_is_an_error_and_says_why(string expression, string message, string because)
    {
        var error = Assert.IsType<CelError>(CelProgram.Parse(expression, "self").Evaluate(Variables));
        Assert.True(error.Message.Contains(message, StringComparison.Ordinal), $"{because}: {error.Message}");
    }
}
