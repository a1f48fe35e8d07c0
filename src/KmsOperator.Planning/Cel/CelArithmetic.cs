namespace KmsOperator.Planning.Cel;

/// <summary>Arithmetic. Numbers of different types are not mixed, and what does not fit 64 bits is an error.</summary>
internal static class CelArithmetic
{
    /// <summary>Applies an operator.</summary>
    /// <returns>Null where it has nothing for values of these types.</returns>
    public static CelValue? Apply(string sign, CelValue left, CelValue right)
    {
        try
        {
            return (left, right) switch
            {
                (CelInt x, CelInt y) => Ints(sign, x.Value, y.Value),
                (CelUint x, CelUint y) => Uints(sign, x.Value, y.Value),
                (CelDouble x, CelDouble y) => Doubles(sign, x.Value, y.Value),
                (CelString x, CelString y) when sign == "+" => new CelString(x.Value + y.Value),
                (CelList x, CelList y) when sign == "+" => new CelList([.. x.Items, .. y.Items]),
                _ => null,
            };
        }
        catch (OverflowException)
        {
            return new CelError($"the result of {sign} is outside the range of {left.TypeName}");
        }
        catch (DivideByZeroException)
        {
            return new CelError("division by zero");
        }
    }

    /// <summary>The number with the other sign.</summary>
    /// <returns>Null where there is none for a value of this type.</returns>
    public static CelValue? Negate(CelValue value) => value switch
    {
        CelInt { Value: long.MinValue } => new CelError("the result of - is outside the range of int"),
        CelInt number => new CelInt(-number.Value),
        CelDouble number => new CelDouble(-number.Value),
        _ => null,
    };

    private static CelInt? Ints(string sign, long left, long right) => sign switch
    {
        "+" => new CelInt(checked(left + right)),
        "-" => new CelInt(checked(left - right)),
        "*" => new CelInt(checked(left * right)),
        "/" => new CelInt(left / right),
        "%" => new CelInt(left % right),
        _ => null,
    };

    private static CelUint? Uints(string sign, ulong left, ulong right) => sign switch
    {
        "+" => new CelUint(checked(left + right)),
        "-" => new CelUint(checked(left - right)),
        "*" => new CelUint(checked(left * right)),
        "/" => new CelUint(left / right),
        "%" => new CelUint(left % right),
        _ => null,
    };

    private static CelDouble? Doubles(string sign, double left, double right) => sign switch
    {
        "+" => new CelDouble(left + right),
        "-" => new CelDouble(left - right),
        "*" => new CelDouble(left * right),
        "/" => new CelDouble(left / right),
        _ => null,
    };
}
