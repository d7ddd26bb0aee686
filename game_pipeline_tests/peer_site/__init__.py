"""A site of as many pages as wanted, our crawl of it and Scrapy's: what measurements and kills compare.

Nothing here is a test; each part that does work is a process of its own, so that its CPU time can be told apart and
it can be killed.
"""
