namespace KmsOperator.Planning.Cel;

/// <summary>Equality and order of values.</summary>
/// <remarks>Source: Common Expression Language specification, "Equality" and "Ordering": numbers are on one line whatever their types, and values of different types are not equal.</remarks>
internal static class CelComparison
{
    /// <summary>Whether two values are equal.</summary>
    /// <param name="left">A value.</param>
    /// <param name="right">Another.</param>
    /// <param name="run">What the steps are counted for; null where the values are known to be small.</param>
    public static bool AreEqual(CelValue left, CelValue right, CelEvaluation? run = null)
    {
        run?.Charge(1);
        switch (left, right)
        {
            case (CelNull, CelNull):
                return true;
            case (CelBool x, CelBool y):
                return x.Value == y.Value;
            case (CelString x, CelString y):
                run?.ChargeText(Math.Min(x.Value.Length, y.Value.Length));
                return string.Equals(x.Value, y.Value, StringComparison.Ordinal);
            case (CelType x, CelType y):
                return x.Name == y.Name;
            case (CelList x, CelList y):
                return x.Items.Count == y.Items.Count && x.Items.Zip(y.Items).All(pair => AreEqual(pair.First, pair.Second, run));
            case (CelMap x, CelMap y):
                return x.Entries.Count == y.Entries.Count
                    && x.Entries.All(entry => y.Entries.TryGetValue(entry.Key, out var other) && AreEqual(entry.Value, other, run));
            case (CelOptional x, CelOptional y):
                return x.Value is null || y.Value is null ? x.Value is null && y.Value is null : AreEqual(x.Value, y.Value, run);
            default:
                return Numbers(left, right) == 0;
        }
    }

    /// <summary>Which of two values comes first.</summary>
    /// <returns>Below zero, zero or above; null where the two have no order, as NaN has none.</returns>
    /// <param name="left">A value.</param>
    /// <param name="right">Another.</param>
    /// <param name="isDefined">Whether values of these types can be compared at all.</param>
    public static int? Compare(CelValue left, CelValue right, out bool isDefined)
    {
        isDefined = true;
        switch (left, right)
        {
            case (CelBool x, CelBool y):
                return x.Value.CompareTo(y.Value);
            case (CelString x, CelString y):
                return Texts(x.Value, y.Value);
            case (CelInt or CelUint or CelDouble, CelInt or CelUint or CelDouble):
                return Numbers(left, right);
            default:
                isDefined = false;
                return null;
        }
    }

    private static int? Numbers(CelValue left, CelValue right) => (left, right) switch
    {
        (CelInt x, CelInt y) => x.Value.CompareTo(y.Value),
        (CelUint x, CelUint y) => x.Value.CompareTo(y.Value),
        (CelDouble x, CelDouble y) => Doubles(x.Value, y.Value),
        (CelInt x, CelUint y) => x.Value < 0 ? -1 : ((ulong)x.Value).CompareTo(y.Value),
        (CelInt x, CelDouble y) => WithDouble(x.Value, y.Value),
        (CelUint x, CelDouble y) => WithDouble(x.Value, y.Value),
        (CelUint or CelDouble, CelInt or CelUint) => -Numbers(right, left),
        _ => null,
    };

    private static int? Doubles(double left, double right) => double.IsNaN(left) || double.IsNaN(right) ? null : left.CompareTo(right);

    /// <summary>By exact value: a double beyond 2^53 is a whole number, and Int128 holds each that a 64-bit number could equal.</summary>
    private static int? WithDouble(Int128 left, double right)
    {
        if (double.IsNaN(right))
        {
            return null;
        }

        if (Math.Abs(right) > 2e19)
        {
            return right > 0 ? -1 : 1;
        }

        var whole = Math.Floor(right);
        var order = left.CompareTo((Int128)whole);
        return order == 0 && right > whole ? -1 : order;
    }

    /// <summary>By code points, not by UTF-16's units.</summary>
    private static int Texts(string left, string right)
    {
        var x = left.EnumerateRunes().GetEnumerator();
        var y = right.EnumerateRunes().GetEnumerator();
        while (x.MoveNext())
        {
            if (!y.MoveNext())
            {
                return 1;
            }

            var order = x.Current.CompareTo(y.Current);
            if (order != 0)
            {
                return order;
            }
        }

        return y.MoveNext() ? -1 : 0;
    }
}
