using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace KmsSimulator.Sqs;

/// <summary>A message in a queue. The queue's gate guards it.</summary>
internal sealed class SqsMessage(string id, string body, string senderId, DateTimeOffset sentAt, DateTimeOffset visibleAt)
{
    public string Id => id;

    public DateTimeOffset SentAt => sentAt;

    /// <summary>From when on receivers may get it.</summary>
    public DateTimeOffset VisibleAt { get; set; } = visibleAt;

    /// <summary>How often it was received; the number of its receipt handle that is valid.</summary>
    public int Receives { get; set; }

    public DateTimeOffset? FirstReceivedAt { get; set; }

    /// <summary>When it was received last.</summary>
    public DateTimeOffset ReceivedAt { get; set; }

    public string BodyMd5 { get; } = Md5Of(body);

    /// <summary>The message as a receiver gets it.</summary>
    /// <param name="handle">Its receipt handle.</param>
    /// <param name="attributes">Names of the attributes that the receiver asked for.</param>
    public JsonObject Show(string handle, IReadOnlyCollection<string> attributes)
    {
        var json = new JsonObject { ["MessageId"] = id, ["ReceiptHandle"] = handle, ["MD5OfBody"] = BodyMd5, ["Body"] = body };
        var shown = new JsonObject();
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)
            [
                ("SenderId", senderId), ("SentTimestamp", Milliseconds(sentAt)), ("ApproximateReceiveCount", $"{Receives}"),
                ("ApproximateFirstReceiveTimestamp", Milliseconds(FirstReceivedAt!.Value)),
            ])
        {
            if (attributes.Contains("All") || attributes.Contains(name))
                shown[name] = value;
        }

        if (shown.Count > 0)
            json["Attributes"] = shown;
        return json;
    }

    private static string Milliseconds(DateTimeOffset time) => $"{time.ToUnixTimeMilliseconds()}";

    [SuppressMessage("Security", "CA5351:Do Not Use Broken Cryptographic Algorithms", Justification = "SQS's protocol has it, as a checksum.")]
    private static string Md5Of(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
}
