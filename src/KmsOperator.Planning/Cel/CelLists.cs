namespace KmsOperator.Planning.Cel;

/// <summary>Functions of lists: <c>size</c>, and Kubernetes' list library.</summary>
/// <remarks>Source: Kubernetes documentation, "Common Expression Language in Kubernetes", "Kubernetes list library".</remarks>
internal static class CelLists
{
    public static IReadOnlyList<CelFunction> Functions { get; } =
    [
        new("size", IsMethod: false, 1, 1, (_, arguments) => SizeOf(arguments[0])),
        new("size", IsMethod: true, 1, 1, (_, arguments) => SizeOf(arguments[0])),
        new("isSorted", IsMethod: true, 1, 1, (_, arguments) => arguments is [CelList list] ? IsSorted(list) : null),
        new("sum", IsMethod: true, 1, 1, (_, arguments) => arguments is [CelList list] ? Sum(list) : null),
        new("min", IsMethod: true, 1, 1, (_, arguments) => arguments is [CelList list] ? Extreme(list, "min", -1) : null),
        new("max", IsMethod: true, 1, 1, (_, arguments) => arguments is [CelList list] ? Extreme(list, "max", 1) : null),
        new("indexOf", IsMethod: true, 2, 3, (run, arguments) => IndexOf(run, arguments, isLast: false)),
        new("lastIndexOf", IsMethod: true, 2, 3, (run, arguments) => IndexOf(run, arguments, isLast: true)),
    ];

    private static CelInt? SizeOf(CelValue value) => value switch
    {
        CelString text => new CelInt(CelStrings.LengthOf(text.Value)),
        CelList list => new CelInt(list.Items.Count),
        CelMap map => new CelInt(map.Entries.Count),
        _ => null,
    };

    private static CelValue IsSorted(CelList list)
    {
        for (var i = 1; i < list.Items.Count; i++)
        {
            var order = CelComparison.Compare(list.Items[i - 1], list.Items[i], out var isDefined);
            if (!isDefined)
            {
                return NoOrder(list.Items[i - 1], list.Items[i]);
            }

            if (order is null or > 0)
            {
                return CelBool.False;
            }
        }

        return CelBool.True;
    }

    private static CelValue Sum(CelList list) =>
        list.Items.Count == 0 ? new CelInt(0) : list.Items.Skip(1).Aggregate(list.Items[0] is CelInt or CelUint or CelDouble ? list.Items[0] : new CelError("sum() takes a list of numbers"),
            (sum, item) => sum is CelError ? sum : CelArithmetic.Apply("+", sum, item) ?? new CelError("sum() takes a list of numbers of one type"));

    private static CelValue Extreme(CelList list, string name, int wanted)
    {
        if (list.Items.Count == 0)
        {
            return new CelError($"{name}() of an empty list");
        }

        var extreme = list.Items[0];
        foreach (var item in list.Items.Skip(1))
        {
            var order = CelComparison.Compare(item, extreme, out var isDefined);
            if (!isDefined)
            {
                return NoOrder(item, extreme);
            }

            extreme = Math.Sign(order ?? 0) == wanted ? item : extreme;
        }

        return extreme;
    }

    private static CelValue? IndexOf(CelEvaluation run, IReadOnlyList<CelValue> arguments, bool isLast)
    {
        switch (arguments)
        {
            case [CelString text, CelString part]:
                return CelStrings.IndexOf(text.Value, part.Value, null, isLast);
            case [CelString text, CelString part, CelInt from]:
                return CelStrings.IndexOf(text.Value, part.Value, from.Value, isLast);
            case [CelList list, var wanted]:
                var indexes = Enumerable.Range(0, list.Items.Count).Where(index => CelComparison.AreEqual(list.Items[index], wanted, run)).ToArray();
                return new CelInt(indexes.Length == 0 ? -1 : isLast ? indexes[^1] : indexes[0]);
            default:
                return null;
        }
    }

    private static CelError NoOrder(CelValue left, CelValue right) => new($"{left.TypeName} and {right.TypeName} have no order");
}
