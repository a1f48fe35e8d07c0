using System.Security.Cryptography;
using System.Text.Json;

namespace KmsOperator.Planning;

/// <summary>A grant that a key must have. KMS cannot change one, so two of different content are two grants.</summary>
/// <param name="Name">Its name in the spec.</param>
/// <param name="Operations">What the grantee may do, in ordinal order, each once.</param>
public sealed record DesiredGrant(string Name, IReadOnlyList<string> Operations)
{
    /// <summary>ARN of the principal that gets them; null where a service does.</summary>
    public string? GranteePrincipal { get; init; }

    /// <summary>The service that gets them.</summary>
    public string? GranteeServicePrincipal { get; init; }

    /// <summary>The resource for which that service may use the grant.</summary>
    public string? SourceArn { get; init; }

    /// <summary>The encryption context that a request must have; null for any.</summary>
    public IReadOnlyDictionary<string, string>? EncryptionContextEquals { get; init; }

    /// <summary>Pairs that the encryption context of a request must have; null for none.</summary>
    public IReadOnlyDictionary<string, string>? EncryptionContextSubset { get; init; }

    /// <summary>ARN of the principal that may retire the grant.</summary>
    public string? RetiringPrincipal { get; init; }

    /// <summary>The service that may retire the grant: KMS wants somebody for each grant to a service.</summary>
    public string? RetiringServicePrincipal => RetiringPrincipal is null ? GranteeServicePrincipal : null;

    /// <summary>Who gets the operations.</summary>
    public string Grantee => GranteePrincipal ?? GranteeServicePrincipal ?? "";

    /// <summary>The grant's name in KMS, which says whose it is and what is in it.</summary>
    public string KmsName => GrantName.Of(Name, ContentHash());

    /// <summary><c>Decrypt, Encrypt for arn:…</c>, for people.</summary>
    public override string ToString() =>
        $"{string.Join(", ", Operations)} for {Grantee}{(SourceArn is null ? "" : $" on behalf of {SourceArn}")}"
        + Words(" with the encryption context ", EncryptionContextEquals) + Words(" with an encryption context that has ", EncryptionContextSubset)
        + (RetiringPrincipal is null ? "" : $", retired by {RetiringPrincipal}");

    private static string Words(string before, IReadOnlyDictionary<string, string>? pairs) =>
        pairs is null ? "" : before + string.Join(", ", Ordered(pairs).Select(pair => $"{pair.Key}={pair.Value}"));

    private static IEnumerable<KeyValuePair<string, string>> Ordered(IReadOnlyDictionary<string, string> pairs) => pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal);

    private string ContentHash()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var text in (string?[])[GranteePrincipal, GranteeServicePrincipal, SourceArn, RetiringPrincipal])
            {
                json.WriteStringValue(text);
            }

            foreach (var pairs in (IReadOnlyDictionary<string, string>?[])[EncryptionContextEquals, EncryptionContextSubset])
            {
                json.WriteStartArray();
                foreach (var (key, value) in Ordered(pairs ?? new Dictionary<string, string>()))
                {
                    json.WriteStringValue(key);
                    json.WriteStringValue(value);
                }

                json.WriteEndArray();
            }

            foreach (var operation in Operations)
            {
                json.WriteStringValue(operation);
            }

            json.WriteEndArray();
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }
}
