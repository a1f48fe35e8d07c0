using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>Says whether two policies mean the same.</summary>
public static class PolicyComparer
{
    /// <summary>
    /// Whether two documents differ at most in form: white space, order of keys, statements and list items, a value instead of a
    /// list of one, an account id instead of the account's root ARN, <c>"*"</c> instead of <c>{"AWS": "*"}</c>, the case of condition operators and keys,
    /// booleans and numbers instead of strings in conditions, an absent Version for the default one, an empty Condition for none, and the names that
    /// people give to statements (Sid) and to the document (Id): they decide nothing. What is not JSON equals nothing.
    /// </summary>
    public static bool AreEquivalent(string left, string right)
    {
        try
        {
            return left == right || CanonicalPolicy.Write(left) == CanonicalPolicy.Write(right);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
