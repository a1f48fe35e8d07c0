using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KmsOperator.Planning.Cel;

/// <summary>A value of CEL, or the error that stands in its place.</summary>
/// <param name="TypeName">The name of its type, as <c>type()</c> has it.</param>
public abstract record CelValue(string TypeName)
{
    /// <summary>A value of JSON. A number without fraction and exponent is an int, each other number a double.</summary>
    public static CelValue Of(JsonNode? node) => node switch
    {
        null => CelNull.Instance,
        JsonObject map => CelMap.Of(map.Select(entry => KeyValuePair.Create(entry.Key, Of(entry.Value)))),
        JsonArray list => new CelList([.. list.Select(Of)]),
        _ => node.GetValueKind() switch
        {
            JsonValueKind.True => CelBool.True,
            JsonValueKind.False => CelBool.False,
            JsonValueKind.String => new CelString(node.GetValue<string>()),
            _ => Number(node.ToJsonString()),
        },
    };

    private static CelValue Number(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            ? new CelInt(whole)
            : new CelDouble(double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture));
}

/// <summary>The value <c>null</c>.</summary>
public sealed record CelNull : CelValue
{
    private CelNull()
        : base("null_type")
    {
    }

    /// <summary>The only one.</summary>
    public static CelNull Instance { get; } = new();
}

/// <summary>A truth value.</summary>
public sealed record CelBool : CelValue
{
    private CelBool(bool value)
        : base("bool") => Value = value;

    /// <summary>True.</summary>
    public static CelBool True { get; } = new(true);

    /// <summary>False.</summary>
    public static CelBool False { get; } = new(false);

    /// <summary>The value.</summary>
    public bool Value { get; }

    /// <summary>One of the two.</summary>
    public static CelBool Of(bool value) => value ? True : False;
}

/// <summary>A whole number of 64 bits with a sign.</summary>
/// <param name="Value">The number.</param>
public sealed record CelInt(long Value) : CelValue("int");

/// <summary>A whole number of 64 bits without a sign.</summary>
/// <param name="Value">The number.</param>
public sealed record CelUint(ulong Value) : CelValue("uint");

/// <summary>A number of 64 bits with a fraction.</summary>
/// <param name="Value">The number.</param>
public sealed record CelDouble(double Value) : CelValue("double");

/// <summary>A string.</summary>
/// <param name="Value">The text.</param>
public sealed record CelString(string Value) : CelValue("string");

/// <summary>A list.</summary>
/// <param name="Items">Its items, which are no errors.</param>
public sealed record CelList(IReadOnlyList<CelValue> Items) : CelValue("list");

/// <summary>A map, which is also what an object is.</summary>
/// <param name="Entries">By their keys; see <see cref="CelKeyComparer"/>.</param>
public sealed record CelMap(IReadOnlyDictionary<CelValue, CelValue> Entries) : CelValue("map")
{
    /// <summary>A map whose keys are strings.</summary>
    public static CelMap Of(IEnumerable<KeyValuePair<string, CelValue>> entries) =>
        new(entries.ToDictionary(CelValue (entry) => new CelString(entry.Key), entry => entry.Value, CelKeyComparer.Instance));
}

/// <summary>A type as a value.</summary>
/// <param name="Name">The name of the type.</param>
public sealed record CelType(string Name) : CelValue("type");

/// <summary>A value that may be absent, which is not the same as <c>null</c>.</summary>
/// <param name="Value">The value; null where there is none.</param>
public sealed record CelOptional(CelValue? Value) : CelValue("optional_type");

/// <summary>Why there is no value. Only <c>&amp;&amp;</c>, <c>||</c>, <c>all</c> and <c>exists</c> can do without the value that it stands for.</summary>
/// <param name="Message">For a person: what is wrong.</param>
public sealed record CelError(string Message) : CelValue("error");
