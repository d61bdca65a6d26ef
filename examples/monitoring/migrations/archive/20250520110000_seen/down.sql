DROP TABLE seen_submissions;
