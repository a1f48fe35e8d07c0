namespace KmsOperator.Planning.Cel;

/// <summary>What a macro does with the items that it goes through.</summary>
internal enum CelMacro
{
    /// <summary>Whether the condition holds of each.</summary>
    All,

    /// <summary>Whether it holds of one or more.</summary>
    Exists,

    /// <summary>Whether it holds of exactly one.</summary>
    ExistsOne,

    /// <summary>The items of which it holds.</summary>
    Filter,

    /// <summary>What the items come to.</summary>
    Map,

    /// <summary>What an optional value comes to, as an optional value.</summary>
    OptionalMap,

    /// <summary>What an optional value comes to, which is an optional value itself.</summary>
    OptionalFlatMap,
}

/// <summary>The macros by the names that they have in expressions.</summary>
internal static class CelMacros
{
    /// <summary>All of them; <c>has</c> is none of these, it is about a field.</summary>
    public static IReadOnlyDictionary<string, CelMacro> ByName { get; } = new Dictionary<string, CelMacro>(StringComparer.Ordinal)
    {
        ["all"] = CelMacro.All,
        ["exists"] = CelMacro.Exists,
        ["exists_one"] = CelMacro.ExistsOne,
        ["existsOne"] = CelMacro.ExistsOne,
        ["filter"] = CelMacro.Filter,
        ["map"] = CelMacro.Map,
        ["optMap"] = CelMacro.OptionalMap,
        ["optFlatMap"] = CelMacro.OptionalFlatMap,
    };
}
