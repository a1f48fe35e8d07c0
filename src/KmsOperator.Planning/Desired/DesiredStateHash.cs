using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>The hash of a desired state, for <c>status.desiredSha256</c>: SHA-256 in lower-case hex.</summary>
public static class DesiredStateHash
{
    /// <summary>
    /// The hash of everything that AWS is brought to. Two desired keys with the same hash need the same AWS state. Deletion policy and window are
    /// left out, since they change nothing until the deletion.
    /// </summary>
    public static string Compute(DesiredKey key) => Hash(json =>
    {
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
        WriteTags(json, key.Tags);

        // In an array of its own, so that keys without any keep their hash, and no alias is taken for a tag.
        if (key.AdditionalAliases.Count > 0)
        {
            json.WriteStartArray();
            foreach (var alias in key.AdditionalAliases.Order(StringComparer.Ordinal))
            {
                json.WriteStringValue(alias);
            }

            json.WriteEndArray();
        }

        if (key.Grants.Count > 0)
        {
            json.WriteStartObject();
            json.WriteStartArray("grants");
            foreach (var name in key.Grants.Select(grant => grant.KmsName).Order(StringComparer.Ordinal))
            {
                json.WriteStringValue(name);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        // In an array of its own for the same reason.
        if (key.WantedPrimary is { } wanted)
        {
            json.WriteStartArray();
            json.WriteStringValue("primaryRegion");
            json.WriteStringValue(wanted.Region);
            json.WriteEndArray();
        }

        if (key.Origin != KeyOrigins.Kms)
        {
            json.WriteStartArray();
            json.WriteStringValue("origin");
            json.WriteStringValue(key.Origin);
            json.WriteStringValue(key.CustomKeyStoreId);
            json.WriteStringValue(key.XksKeyId);
            if (key.Material is { } material)
            {
                json.WriteStringValue(material.SecretName);
                json.WriteStringValue(material.SecretKey);
                json.WriteStringValue(material.ValidTo?.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture));
            }

            json.WriteEndArray();
        }
    });

    /// <summary>
    /// The hash for a replica of a primary that is managed elsewhere. What the replica inherits from the primary is not in it: only AWS knows that,
    /// and it is compared when a comparison is due. So the generations of the resource and of its class stand for their specs.
    /// </summary>
    /// <param name="outline">What is known of the replica without asking AWS.</param>
    /// <param name="resource">The KeyReplica.</param>
    /// <param name="keyClass">Its class.</param>
    public static string Compute(ReplicaOutline outline, KeyReplica resource, KeyClass keyClass) => Hash(json =>
    {
        json.WriteStringValue(outline.Location.AccountId);
        json.WriteStringValue(outline.Location.Region);
        json.WriteStringValue(outline.Description);
        json.WriteStringValue(outline.AliasName ?? "");
        json.WriteStringValue(outline.Policy?.Sha256 ?? "");
        json.WriteNumberValue(resource.Metadata.Generation ?? 0);
        json.WriteStringValue(keyClass.Metadata.Uid ?? "");
        json.WriteNumberValue(keyClass.Metadata.Generation ?? 0);
        WriteTags(json, outline.Tags);
    });

    private static void WriteTags(Utf8JsonWriter json, IReadOnlyDictionary<string, string> tags)
    {
        foreach (var (name, value) in tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
        {
            json.WriteStringValue(name);
            json.WriteStringValue(value);
        }
    }

    private static string Hash(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            write(json);
            json.WriteEndArray();
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }
}
