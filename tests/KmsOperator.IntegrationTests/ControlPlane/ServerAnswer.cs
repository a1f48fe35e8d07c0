using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>What an API server answers to a request.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Text">The body.</param>
public sealed record ServerAnswer(HttpStatusCode Status, string Text)
{
    /// <summary>Whether the server did what was asked.</summary>
    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>Why the server refused: the message of its Status, or the whole body where it sends none.</summary>
    public string Error
    {
        get
        {
            if (IsSuccess)
                return "";
            try
            {
                return JsonNode.Parse(Text) is JsonObject status && status["message"] is JsonValue message ? $"{Status}: {message}" : $"{Status}: {Text}";
            }
            catch (JsonException)
            {
                return $"{Status}: {Text}";
            }
        }
    }

    /// <summary>The object that the server sent, if it did what was asked.</summary>
    public JsonObject EnsureSuccess() => IsSuccess ? JsonNode.Parse(Text)!.AsObject() : throw new InvalidOperationException(Error);
}
