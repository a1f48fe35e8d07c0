using System.Text;
using KmsSimulator.Protocol;
using Microsoft.AspNetCore.WebUtilities;

namespace KmsSimulator.Sts;

/// <summary>The parameters of a request: the form of a POST, the query of a GET.</summary>
/// <remarks>Source: AWS STS API reference, "Making query requests".</remarks>
internal static class StsRequest
{
    /// <summary>Reads them.</summary>
    /// <exception cref="ServiceException">MalformedInput, or the body is too long.</exception>
    public static async Task<IReadOnlyDictionary<string, string>> ReadAsync(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method))
            return request.Query.ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal);
        var body = await RequestBody.ReadAsync(request) ?? throw RequestBody.TooLong();
        var type = (request.ContentType ?? "").Split(';')[0].Trim();
        if (!type.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            throw Malformed("A request of STS has content type application/x-www-form-urlencoded, one of KMS an X-Amz-Target.");
        try
        {
            using var form = new FormReader(Encoding.UTF8.GetString(body.Span));
            return form.ReadForm().ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal);
        }
        catch (InvalidDataException e)
        {
            throw Malformed(e.Message);
        }
    }

    private static ServiceException Malformed(string message) => new("MalformedInput", message);
}
