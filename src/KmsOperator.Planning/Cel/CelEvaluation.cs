using System.Globalization;
using System.Text.RegularExpressions;
using KmsOperator.Policies;

namespace KmsOperator.Planning.Cel;

/// <summary>One evaluation of an expression, and what it has cost so far.</summary>
internal sealed class CelEvaluation(IReadOnlyDictionary<string, CelValue> variables, long limit)
{
    private readonly Dictionary<string, Regex> _patterns = new(StringComparer.Ordinal);
    private readonly Stack<(string Name, CelValue Value)> _items = new();
    private long _steps;

    /// <summary>The value of an expression.</summary>
    /// <exception cref="CelLimitException">It takes too many steps.</exception>
    public CelValue Of(CelNode node)
    {
        Charge(1);
        return node switch
        {
            CelLiteral literal => literal.Value,
            CelVariable variable => Variable(variable.Name),
            CelSelect select => Select(select),
            CelIndex index => Index(index),
            CelCall call => Call(call),
            CelUnary unary => Unary(unary),
            CelBinary binary => Binary(binary),
            CelLogic logic => Logic(logic.Parts.Select(Of), logic.IsOr),
            CelConditional conditional => Of(conditional.Condition) switch
            {
                CelBool condition => Of(condition.Value ? conditional.Then : conditional.Otherwise),
                var other => NotBool(other),
            },
            CelNewList list => NewList(list),
            CelNewMap map => NewMap(map),
            CelComprehension comprehension => Comprehension(comprehension),
            _ => throw new InvalidOperationException(node.GetType().Name),
        };
    }

    /// <summary>Counts steps.</summary>
    /// <exception cref="CelLimitException">There are too many.</exception>
    public void Charge(long steps)
    {
        _steps += steps;
        if (_steps > limit)
        {
            throw new CelLimitException(string.Create(CultureInfo.InvariantCulture, $"it takes more than {limit} steps"));
        }
    }

    /// <summary>Counts the steps that it takes to read or write a text.</summary>
    public void ChargeText(long length) => Charge(length / 10);

    /// <summary>The regular expression of a pattern, to be applied to a text.</summary>
    /// <returns>Null where there is none; then there is an error.</returns>
    public Regex? RegexOf(string pattern, string text, out CelError? error)
    {
        error = null;
        ChargeText((long)text.Length * Math.Max(1, pattern.Length / 10));
        if (!_patterns.TryGetValue(pattern, out var regex))
        {
            // To build an automaton takes much longer than to read a pattern.
            Charge(1000);
            regex = CelRegex.Compile(pattern, out var why);
            if (regex is null)
            {
                error = new CelError(why);
                return null;
            }

            _patterns.Add(pattern, regex);
        }

        return regex;
    }

    private CelValue Variable(string name)
    {
        foreach (var item in _items)
        {
            if (item.Name == name)
            {
                return item.Value;
            }
        }

        return variables.TryGetValue(name, out var value) ? value : new CelError($"{name} has no value here");
    }

    private CelValue Select(CelSelect select)
    {
        var operand = Of(select.Operand);
        var isOptional = operand is CelOptional || select.IsOptional;
        var found = operand switch
        {
            CelError => operand,
            CelOptional { Value: null } => null,
            CelOptional { Value: CelMap map } => Field(map, select.Field),
            CelMap map => Field(map, select.Field),
            _ => new CelError($"{operand.TypeName} has no fields, so there is no .{select.Field}"),
        };
        return found is CelError ? found
            : select.IsTest ? CelBool.Of(found is not null)
            : isOptional ? new CelOptional(found)
            : found ?? NoSuchKey(select.Field, (CelMap)operand);
    }

    /// <summary>An entry by its key as it is, else by the key that the name is an escape of.</summary>
    private static CelValue? Field(CelMap map, string name) =>
        map.Entries.TryGetValue(new CelString(name), out var value) ? value
        : CelFieldName.Unescape(name) is { } raw && map.Entries.TryGetValue(new CelString(raw), out value) ? value
        : null;

    private CelValue Index(CelIndex index)
    {
        var (operand, key) = (Of(index.Operand), Of(index.Key));
        if (operand is CelError || key is CelError)
        {
            return operand is CelError ? operand : key;
        }

        var isOptional = operand is CelOptional || index.IsOptional;
        var found = operand switch
        {
            CelOptional { Value: null } => null,
            CelOptional { Value: { } inner } => Item(inner, key),
            _ => Item(operand, key),
        };
        return found is CelError ? found
            : isOptional ? new CelOptional(found)
            : found ?? (operand is CelMap map ? NoSuchKey(Shown(key), map) : new CelError($"index out of range: {Shown(key)}"));
    }

    private static CelValue? Item(CelValue operand, CelValue key)
    {
        switch (operand)
        {
            case CelMap map when key is CelString or CelInt or CelUint or CelDouble or CelBool:
                return map.Entries.GetValueOrDefault(key);
            case CelList list when key is CelInt or CelUint or CelDouble:
                var at = key switch
                {
                    CelInt number => number.Value,
                    CelUint number when number.Value < int.MaxValue => (long)number.Value,
                    CelDouble number when number.Value is >= 0 and < int.MaxValue && double.IsInteger(number.Value) => (long)number.Value,
                    _ => -1,
                };
                return at < 0 || at >= list.Items.Count ? null : list.Items[(int)at];
            default:
                return new CelError($"{operand.TypeName} has no items by {key.TypeName}");
        }
    }

    private CelValue Call(CelCall call)
    {
        var arguments = new CelValue[call.Arguments.Count];
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = Of(call.Arguments[i]);
            if (arguments[i] is CelError)
            {
                return arguments[i];
            }

            ChargeText(arguments[i] is CelString text ? text.Value.Length : 0);
            Charge(arguments[i] is CelList list ? list.Items.Count / 10 : 0);
        }

        return call.Function.Body(this, arguments) ?? NoOverload($"{call.Function.Name}()", arguments);
    }

    private CelValue Unary(CelUnary unary) => (Of(unary.Operand), unary.IsNot) switch
    {
        (CelError error, _) => error,
        (CelBool value, true) => CelBool.Of(!value.Value),
        (var value, var isNot) => (isNot ? null : CelArithmetic.Negate(value)) ?? NoOverload(isNot ? "!" : "-", value),
    };

    private CelValue Binary(CelBinary binary)
    {
        var (left, right) = (Of(binary.Left), Of(binary.Right));
        if (left is CelError || right is CelError)
        {
            return left is CelError ? left : right;
        }

        switch (binary.Operator)
        {
            case "==" or "!=":
                return CelBool.Of(CelComparison.AreEqual(left, right, this) == (binary.Operator == "=="));
            case "in" when right is CelList list:
                return CelBool.Of(list.Items.Any(item => CelComparison.AreEqual(item, left, this)));
            case "in" when right is CelMap map:
                return CelBool.Of(map.Entries.ContainsKey(left));
            case "<" or "<=" or ">" or ">=":
                var order = CelComparison.Compare(left, right, out var isDefined);
                return !isDefined ? NoOverload(binary.Operator, left, right) : CelBool.Of(binary.Operator switch
                {
                    "<" => order < 0,
                    "<=" => order <= 0,
                    ">" => order > 0,
                    _ => order >= 0,
                });
            default:
                ChargeSum(left, right);
                return CelArithmetic.Apply(binary.Operator, left, right) ?? NoOverload(binary.Operator, left, right);
        }
    }

    /// <summary>One value that decides is enough, whatever the others are; only where none decides, an error counts.</summary>
    private static CelValue Logic(IEnumerable<CelValue> values, bool isOr)
    {
        CelValue? error = null;
        foreach (var value in values)
        {
            if (value is CelBool truth && truth.Value == isOr)
            {
                return truth;
            }

            error ??= value is CelBool ? null : NotBool(value);
        }

        return error ?? CelBool.Of(!isOr);
    }

    private CelValue NewList(CelNewList list)
    {
        var items = list.Items.Select(Of).ToArray();
        return items.FirstOrDefault(item => item is CelError) ?? new CelList(items);
    }

    private CelValue NewMap(CelNewMap map)
    {
        var entries = new Dictionary<CelValue, CelValue>(CelKeyComparer.Instance);
        foreach (var (keyNode, valueNode) in map.Entries)
        {
            var (key, value) = (Of(keyNode), Of(valueNode));
            if (key is CelError || value is CelError)
            {
                return key is CelError ? key : value;
            }

            if (key is not (CelString or CelInt or CelUint or CelBool))
            {
                return new CelError($"{key.TypeName} cannot be the key of a map");
            }

            if (!entries.TryAdd(key, value))
            {
                return new CelError($"the map has the key {Shown(key)} twice");
            }
        }

        return new CelMap(entries);
    }

    private CelValue Comprehension(CelComprehension node)
    {
        var range = Of(node.Range);
        if (node.Macro is CelMacro.OptionalMap or CelMacro.OptionalFlatMap)
        {
            return range is CelError ? range : range is CelOptional optional ? OptionalMap(node, optional) : NoOverload($"{node.Macro}", range);
        }

        var items = range switch
        {
            CelList list => list.Items,
            CelMap map => map.Entries.Keys,
            _ => null,
        };
        if (items is null)
        {
            return range is CelError ? range : new CelError($"{range.TypeName} has no items to go through");
        }

        if (node.Macro is CelMacro.All or CelMacro.Exists)
        {
            return Logic(items.Select(item => With(node.Variable, item, node.Condition!)), node.Macro == CelMacro.Exists);
        }

        var results = new List<CelValue>();
        foreach (var item in items)
        {
            var condition = node.Condition is null ? CelBool.True : With(node.Variable, item, node.Condition);
            if (condition is not CelBool { Value: var isMeant })
            {
                return NotBool(condition);
            }

            var result = !isMeant || node.Result is null ? item : With(node.Variable, item, node.Result);
            if (result is CelError)
            {
                return result;
            }

            if (isMeant)
            {
                results.Add(result);
            }
        }

        return node.Macro == CelMacro.ExistsOne ? CelBool.Of(results.Count == 1) : new CelList(results);
    }

    private CelValue OptionalMap(CelComprehension node, CelOptional optional)
    {
        if (optional.Value is null)
        {
            return optional;
        }

        var result = With(node.Variable, optional.Value, node.Result!);
        return result is CelError || node.Macro == CelMacro.OptionalFlatMap ? result : new CelOptional(result);
    }

    private CelValue With(string variable, CelValue item, CelNode node)
    {
        _items.Push((variable, item));
        var value = Of(node);
        _items.Pop();
        return value;
    }

    /// <summary>What it takes to write two texts or lists behind each other.</summary>
    private void ChargeSum(CelValue left, CelValue right)
    {
        if (left is CelString x && right is CelString y)
        {
            ChargeText((long)x.Value.Length + y.Value.Length);
        }
        else if (left is CelList first && right is CelList second)
        {
            Charge((long)first.Items.Count + second.Items.Count);
        }
    }

    private static CelError NotBool(CelValue value) => value as CelError ?? new CelError($"a bool is expected here, not {value.TypeName}");

    private static CelError NoOverload(string operation, params IEnumerable<CelValue> values) =>
        new($"{operation} does not take {string.Join(" and ", values.Select(value => value.TypeName))}");

    /// <summary>A near key is only looked for where that is quick.</summary>
    private static CelError NoSuchKey(string name, CelMap map) => new(name.Length > 60 || map.Entries.Count > 100
        ? $"no such key: {FieldErrors.Quote(name)}"
        : $"no such key: {name}{Suggestion.For(name, map.Entries.Keys.OfType<CelString>().Select(key => key.Value))}");

    private static string Shown(CelValue value) => value switch
    {
        CelString text => text.Value,
        CelInt number => number.Value.ToString(CultureInfo.InvariantCulture),
        CelUint number => number.Value.ToString(CultureInfo.InvariantCulture),
        CelDouble number => number.Value.ToString(CultureInfo.InvariantCulture),
        CelBool truth => truth.Value ? "true" : "false",
        _ => value.TypeName,
    };
}
