namespace KmsOperator.Planning.Cel;

/// <summary>Compares the keys of maps: numbers of different types that are the same number are the same key.</summary>
public sealed class CelKeyComparer : IEqualityComparer<CelValue>
{
    private CelKeyComparer()
    {
    }

    /// <summary>The only one.</summary>
    public static CelKeyComparer Instance { get; } = new();

    /// <inheritdoc />
    public bool Equals(CelValue? x, CelValue? y) => x is not null && y is not null && CelComparison.AreEqual(x, y);

    /// <inheritdoc />
    public int GetHashCode(CelValue obj) => obj switch
    {
        CelInt number => ((double)number.Value).GetHashCode(),
        CelUint number => ((double)number.Value).GetHashCode(),
        CelDouble number => number.Value.GetHashCode(),
        CelString text => string.GetHashCode(text.Value, StringComparison.Ordinal),
        CelBool value => value.Value.GetHashCode(),
        _ => 0,
    };
}
