using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>A key policy, ready to be put.</summary>
public sealed record KeyPolicy
{
    /// <summary>KMS's limit for a policy document, in bytes.</summary>
    /// <remarks>Source: AWS KMS developer guide, "Quotas", key policy document size.</remarks>
    public const int MaxBytes = 32768;

    private string? _sha256;

    private KeyPolicy(string text) => Text = text;

    /// <summary>The document as it is sent.</summary>
    public string Text { get; }

    /// <summary>Size of <see cref="Text"/> in UTF-8.</summary>
    public int ByteLength => Encoding.UTF8.GetByteCount(Text);

    /// <summary>SHA-256 in lower-case hex of the canonical form: equivalent policies have the same.</summary>
    public string Sha256 => _sha256 ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(CanonicalPolicy.Write(Text))));

    /// <inheritdoc />
    public bool Equals(KeyPolicy? other) => other is not null && Text == other.Text;

    /// <inheritdoc />
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <summary>A policy from its document.</summary>
    public static KeyPolicy Of(JsonElement document) => new(PolicyText.Write(document.WriteTo));

    /// <summary>A policy from a well-formed document, with statements appended to its own.</summary>
    public static KeyPolicy Of(JsonElement document, IReadOnlyList<JsonElement> additionalStatements) => additionalStatements.Count == 0
        ? Of(document)
        : Of(json =>
        {
            json.WriteStartObject();
            foreach (var element in document.EnumerateObject().Where(element => element.Name != "Statement"))
            {
                element.WriteTo(json);
            }

            json.WriteStartArray("Statement");
            foreach (var statement in PolicyDocument.StatementsOf(document).Concat(additionalStatements))
            {
                statement.WriteTo(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });

    /// <summary>A policy from what writes its document.</summary>
    internal static KeyPolicy Of(Action<Utf8JsonWriter> write) => new(PolicyText.Write(write));
}
