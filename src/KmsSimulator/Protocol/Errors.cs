using KmsSimulator.State;
using KmsSimulator.Sts;

namespace KmsSimulator.Protocol;

/// <summary>The errors that more than one operation has.</summary>
internal static class Errors
{
    public static ServiceException NotFound(string message) => new("NotFoundException", message);

    public static ServiceException KeyNotFound(string arn) => NotFound($"Key '{arn}' does not exist");

    public static ServiceException AliasNotFound(string arn) => NotFound($"Alias {arn} is not found.");

    public static ServiceException AlreadyExists(string message) => new("AlreadyExistsException", message);

    public static ServiceException InvalidArn(string text) => new("InvalidArnException", $"Invalid arn {text}");

    public static ServiceException Validation(string message) => new("ValidationException", message);

    public static ServiceException Serialization(string message) => new("SerializationException", message);

    public static ServiceException Unsupported(string message) => new("UnsupportedOperationException", message);

    /// <summary>The operation is for keys of another origin.</summary>
    /// <remarks>Source of the text: AWS KMS developer guide, "Key states of AWS KMS keys", footnote 6.</remarks>
    public static ServiceException WrongOrigin(KeyEntry key) =>
        Unsupported($"{key.Arn} origin is {key.Group.Origin} which is not valid for this operation.");

    /// <summary>The operation is for keys of another spec.</summary>
    public static ServiceException WrongSpec(KeyEntry key) =>
        Unsupported($"{key.Arn} key spec is {key.Group.KeySpec} which is not valid for this operation.");

    public static ServiceException LimitExceeded(string message) => new("LimitExceededException", message);

    public static ServiceException Tag(string message) => new("TagException", message);

    public static ServiceException MalformedPolicy(string message) => new("MalformedPolicyDocumentException", message);

    public static ServiceException InvalidState(string message) => new("KMSInvalidStateException", message);

    public static ServiceException InvalidCiphertext() => new("InvalidCiphertextException", "");

    /// <summary>The one thing that is wrong with the input, in the words that <see cref="KmsInput"/> has for several.</summary>
    public static ServiceException Violation(string value, string path, string rule) =>
        Validation($"1 validation error detected: Value '{Shown(value)}' at '{path}' failed to satisfy constraint: {rule}");

    /// <summary>A value as messages repeat it: its beginning, if it is long.</summary>
    public static string Shown(string value)
    {
        const int Longest = 512;
        if (value.Length <= Longest)
            return value;
        return $"{value.AsSpan(0, char.IsHighSurrogate(value[Longest - 1]) ? Longest - 1 : Longest)}...";
    }

    public static ServiceException DryRun() =>
        new("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.");

    public static ServiceException Throttled() =>
        new("ThrottlingException", "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.");

    public static ServiceException Internal(string message = "The request failed because of an internal error. You can retry it.") =>
        new("KMSInternalException", message, 500);

    /// <summary>The answer for keys of others: AWS does not say whether they exist.</summary>
    public static ServiceException AccessDenied(Caller caller, string operation, string resource) => new(
        "AccessDeniedException",
        $"User: {caller.Arn} is not authorized to perform: kms:{operation} on resource: {resource} because the resource does not exist in "
        + "this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access");

    /// <summary>The answer when a key's policy and grants do not let the caller do something with it.</summary>
    /// <remarks>Source: AWS IAM user guide, "Troubleshoot access denied error messages".</remarks>
    public static ServiceException DeniedByKeyPolicy(Caller caller, string operation, string keyArn, bool isExplicit) => new(
        "AccessDeniedException",
        $"User: {caller.Arn} is not authorized to perform: kms:{operation} on resource: {keyArn} "
        + (isExplicit ? "with an explicit deny in a resource-based policy" : $"because no resource-based policy allows the kms:{operation} action"));

    /// <summary>The answer of an operation that does not work in the key's state.</summary>
    /// <remarks>Source of code and text for each state: AWS KMS developer guide, "Key states of AWS KMS keys", footnotes.</remarks>
    public static ServiceException WrongState(string arn, KeyState state) => state switch
    {
        KeyState.Disabled => new("DisabledException", $"{arn} is disabled."),
        KeyState.PendingDeletion => InvalidState($"{arn} is pending deletion."),
        KeyState.PendingReplicaDeletion => InvalidState($"{arn} is pending replica deletion."),
        KeyState.PendingImport => InvalidState($"{arn} is pending import."),
        KeyState.Creating => InvalidState($"{arn} is creating."),
        KeyState.Updating => InvalidState($"{arn} is updating."),
        _ => InvalidState($"{arn} is {state}."),
    };
}
