namespace KmsOperator.Planning.Cel;

/// <summary>Functions of optional values, as <c>oldSelf</c> is one in a rule with <c>optionalOldSelf</c>.</summary>
internal static class CelOptionals
{
    public static IReadOnlyList<CelFunction> Functions { get; } =
    [
        new("optional.of", IsMethod: false, 1, 1, (_, arguments) => new CelOptional(arguments[0])),
        new("optional.none", IsMethod: false, 0, 0, (_, _) => new CelOptional(null)),
        new("hasValue", IsMethod: true, 1, 1, (_, arguments) => arguments is [CelOptional optional] ? CelBool.Of(optional.Value is not null) : null),
        new("value", IsMethod: true, 1, 1, (_, arguments) => arguments is [CelOptional optional] ? optional.Value ?? new CelError("the optional value is absent") : null),
        new("orValue", IsMethod: true, 2, 2, (_, arguments) => arguments is [CelOptional optional, var other] ? optional.Value ?? other : null),
        new("or", IsMethod: true, 2, 2, (_, arguments) => arguments is [CelOptional optional, CelOptional other] ? optional.Value is null ? other : optional : null),
    ];
}
