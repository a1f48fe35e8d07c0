namespace KmsOperator.Kubernetes;

/// <summary>How many objects to ask for in the next page of a list, so that a page stays near a size in bytes.</summary>
/// <param name="first">Objects in the first page, before anything is known of their size.</param>
/// <param name="largest">Objects in a page at most.</param>
/// <param name="bytes">The size of a page to aim at.</param>
internal sealed class PageSize(int first, int largest, long bytes)
{
    private const int Growth = 4;

    /// <summary>The next page's limit, 1 or more.</summary>
    public int Limit { get; private set; } = Math.Clamp(first, 1, largest);

    /// <summary>Takes the size of a page into account. A size of 0 is unknown.</summary>
    public void Observe(int objects, long size)
    {
        var fits = objects == 0 || size <= 0 ? largest : (int)Math.Clamp(bytes * objects / size, 1, largest);
        Limit = Math.Min(fits, Limit * Growth);
    }
}
