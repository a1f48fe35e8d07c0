using System.Security.Cryptography;
using System.Text.Json;

namespace KmsOperator.Planning;

/// <summary>A fingerprint of a desired key, for <c>status.desiredSha256</c>.</summary>
public static class DesiredStateHash
{
    /// <summary>
    /// SHA-256 in lower-case hex over everything that AWS is brought to. Two desired keys with the same value need the same
    /// AWS state; deletion policy and window are left out, since they change nothing until deletion.
    /// </summary>
    public static string Compute(DesiredKey key)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteStringValue(key.Location.AccountId);
            json.WriteStringValue(key.Location.Region);
            json.WriteStringValue(key.Description);
            json.WriteStringValue(key.AliasName);
            json.WriteStringValue(key.KeySpec);
            json.WriteStringValue(key.KeyUsage);
            json.WriteBooleanValue(key.MultiRegion);
            json.WriteBooleanValue(key.Enabled);
            json.WriteBooleanValue(key.Rotation?.Enabled ?? false);
            json.WriteNumberValue(key.Rotation?.PeriodDays ?? 0);
            json.WriteStringValue(key.Policy.Sha256);
            json.WriteStringValue(key.Primary?.KeyId ?? "");

            // These do not change what AWS is brought to, but whether it may be.
            json.WriteBooleanValue(key.TakeOverAlias);
            json.WriteBooleanValue(key.Undelete);
            json.WriteBooleanValue(key.ObserveOnly);
            foreach (var (name, value) in key.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
            {
                json.WriteStringValue(name);
                json.WriteStringValue(value);
            }

            json.WriteEndArray();
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }
}
