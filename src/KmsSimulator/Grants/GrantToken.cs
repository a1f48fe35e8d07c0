using System.Text;
using KmsSimulator.State;

namespace KmsSimulator.Grants;

/// <summary>Grant tokens: opaque to clients, they name the key and the grant.</summary>
internal static class GrantToken
{
    public static string Create(string keyArn, string grantId, string nonce) =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes($"{keyArn}|{grantId}|{nonce}"));

    public static bool TryRead(string? token, out string keyArn, out string grantId)
    {
        (keyArn, grantId) = ("", "");
        if (token is null)
            return false;
        var bytes = new byte[token.Length];
        if (!Convert.TryFromBase64String(token, bytes, out var length)
            || Encoding.ASCII.GetString(bytes, 0, length).Split('|') is not [var arn, var id, _] || Arn.AccountOf(arn) is null)
        {
            return false;
        }

        (keyArn, grantId) = (arn, id);
        return true;
    }
}
