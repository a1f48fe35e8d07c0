namespace KmsOperator.Importing.Output;

/// <summary>A file of the output.</summary>
/// <param name="Name">Its name in the output's folder.</param>
/// <param name="Text">Its content.</param>
internal sealed record OutputFile(string Name, string Text);
